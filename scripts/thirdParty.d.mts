/** Types of thirdParty.mjs for vite.config.ts. */
import type { Plugin } from 'vite'
export function thirdPartyNotice(): string
export function thirdPartyPlugin(): Plugin
