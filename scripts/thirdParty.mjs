// Vite plugin: writes THIRD_PARTY.txt into the build, one entry for every package that the page is made of,
// with its version, licence and licence text, read from node_modules. The list follows the production dependencies.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

function productionPackages() {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(lock.packages)
    .filter(
      ([place, entry]) =>
        place.startsWith('node_modules/') && !entry.dev && !entry.optional && !entry.devOptional,
    )
    .map(([place]) => place)
    .filter(place => existsSync(path.join(root, place, 'package.json')))
}

function describe(place) {
  const folder = path.join(root, place)
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter(name => /^(licen[cs]e|notice|copying)/i.test(name))
  const texts = files
    .filter(name => !/\.(js|ts|json)$/.test(name))
    .map(name => readFileSync(path.join(folder, name), 'utf8').trim())
  const licence =
    typeof manifest.license === 'string' ? manifest.license : (manifest.license?.type ?? 'see its repository')
  return `${manifest.name} ${manifest.version}\nLicence: ${licence}\n${texts.join('\n\n')}`.trim()
}

export function thirdPartyNotice() {
  return productionPackages()
    .map(describe)
    .sort()
    .join(`\n\n${'-'.repeat(78)}\n\n`)
}

export function thirdPartyPlugin() {
  return {
    name: 'third-party-notice',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'THIRD_PARTY.txt', source: thirdPartyNotice() })
    },
  }
}
