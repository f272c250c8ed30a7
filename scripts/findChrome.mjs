// Finds Chrome or Chromium: CHROME_PATH, then the usual places of each system, then the PATH.
// On Debian as root it can install Debian's `chromium`; elsewhere it says what to install.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs'
import path from 'node:path'

const PLACES = {
  linux: [
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
    '/opt/google/chrome/chrome',
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
    .filter(Boolean)
    .map(root => path.join(root, 'Google', 'Chrome', 'Application', 'chrome.exe')),
}

export function findChrome() {
  if (process.env.CHROME_PATH)
    return existsSync(process.env.CHROME_PATH) ? process.env.CHROME_PATH : undefined
  const known = (PLACES[process.platform] ?? []).find(place => existsSync(place))
  if (known) return known
  const names =
    process.platform === 'win32' ? ['chrome.exe'] : ['chromium', 'google-chrome', 'google-chrome-stable']
  for (const folder of (process.env.PATH ?? '').split(path.delimiter))
    for (const name of names) if (existsSync(path.join(folder, name))) return path.join(folder, name)
  return undefined
}

function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}

/** Returns the browser's path, installing Debian's package when allowed; throws a sentence otherwise. */
export function requireChrome() {
  const found = findChrome()
  if (found) return found
  if (isDebian() && process.getuid?.() === 0) {
    console.log('No Chrome or Chromium found; installing Debian’s chromium package ...')
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    const installed = findChrome()
    if (installed) return installed
  }
  throw new Error(
    'No Chrome or Chromium was found. Install Google Chrome (or on Debian `apt-get install chromium`; Ubuntu’s chromium package is only a snap stub, take Chrome there), or set CHROME_PATH to its program file.',
  )
}

/** The SwiftShader Vulkan driver that ships beside Chromium, for Dawn in Node; undefined when there is none. */
export function findSwiftShaderIcd(chrome = findChrome()) {
  const folders = ['/usr/lib/chromium', '/opt/google/chrome']
  if (chrome) {
    folders.unshift(path.dirname(chrome))
    try {
      folders.unshift(path.dirname(realpathSync(chrome)))
    } catch {
      // an unreadable link only means one place less to look
    }
  }
  return folders.map(folder => path.join(folder, 'vk_swiftshader_icd.json')).find(file => existsSync(file))
}

function hasVulkanLoader() {
  return ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/lib64'].some(folder => {
    if (!existsSync(folder)) return false
    const places = [
      folder,
      ...readdirSync(folder)
        .filter(name => /linux-gnu/.test(name))
        .map(name => path.join(folder, name)),
    ]
    return places.some(place => existsSync(path.join(place, 'libvulkan.so.1')))
  })
}

/**
 * Environment for a child process that may use Dawn on Linux: where the system has no Vulkan loader, the one that ships
 * beside Chromium. It must be set before the process starts.
 */
export function vulkanEnvironment() {
  const icd = process.platform === 'linux' ? findSwiftShaderIcd() : undefined
  if (!icd || hasVulkanLoader() || !existsSync(path.join(path.dirname(icd), 'libvulkan.so.1'))) return {}
  const folders = [process.env.LD_LIBRARY_PATH, path.dirname(icd)].filter(Boolean)
  return { LD_LIBRARY_PATH: folders.join(path.delimiter) }
}
