/** Types of findChrome.mjs for the TypeScript files that use it. */
export function findChrome(): string | undefined
export function requireChrome(): string
export function findSwiftShaderIcd(chrome?: string): string | undefined
export function chromeVersion(chrome: string): string
