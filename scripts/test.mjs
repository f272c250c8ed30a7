// `npm test`: every check and every test, counted. The last line is `N passed, N failed, N skipped`.
//   --check  only the fast part: formatting, lint with the layer rule, types
//   --full   adds what takes longer: every fixture on every path and every real scan
// A check (formatting, lint, types, build) counts as one test.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, existsSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstall } from './ensureInstall.mjs'
import { findSwiftShaderIcd, requireChrome, vulkanEnvironment } from './findChrome.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const results = path.join(root, 'test-results')
const only = process.argv.includes('--check') ? 'check' : process.argv.includes('--full') ? 'full' : 'test'
const count = { passed: 0, failed: 0, skipped: 0 }
const started = Date.now()

function run(command, args, env = {}) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
    child.on('error', error => resolve({ code: 1, signal: null, error }))
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
}

const tool = (name, ...file) => path.join(root, 'node_modules', name, ...file)
const headline = text => console.log(`\n── ${text} (${Math.round((Date.now() - started) / 1000)} s)`)

async function check(name, args) {
  headline(name)
  const { code } = await run(process.execPath, args)
  if (code === 0) count.passed++
  else {
    count.failed++
    console.log(`FAILED: ${name}`)
  }
}

/** Reads vitest's or Playwright's JSON report and adds its counts; a report that is missing is a failure. */
function addReport(file, read) {
  if (!existsSync(file)) {
    count.failed++
    console.log(`FAILED: no report was written to ${path.relative(root, file)}`)
    return
  }
  const { passed, failed, skipped, names } = read(JSON.parse(readFileSync(file, 'utf8')))
  count.passed += passed
  count.failed += failed
  count.skipped += skipped
  for (const name of names) console.log(`skipped: ${name}`)
}

function readVitest(report) {
  const names = report.testResults
    .flatMap(file => file.assertionResults)
    .filter(test => test.status === 'pending' || test.status === 'skipped')
    .map(test => test.fullName)
  const brokenFiles = report.testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
    names,
  }
}

function readPlaywright(report) {
  const names = []
  const visit = suite => {
    for (const spec of suite.specs ?? [])
      for (const test of spec.tests) if (test.status === 'skipped') names.push(spec.title)
    for (const child of suite.suites ?? []) visit(child)
  }
  report.suites.forEach(visit)
  const { expected, unexpected, flaky, skipped } = report.stats
  return { passed: expected, failed: unexpected + flaky + report.errors.length, skipped, names }
}

async function unitTests(env) {
  headline('unit tests')
  const file = path.join(results, 'unit.json')
  const args = [
    'run',
    '--project',
    'unit',
    '--reporter',
    'default',
    '--reporter',
    'json',
    '--outputFile.json',
    file,
  ]
  const { code } = await run(process.execPath, [tool('vitest', 'vitest.mjs'), ...args], env)
  const before = count.failed
  addReport(file, readVitest)
  if (code !== 0 && count.failed === before) count.failed++
}

/** As `run`, but the output is kept and printed in one piece, so that two at a time can be read. */
function runQuietly(command, args, env) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, stdio: 'pipe', env: { ...process.env, ...env } })
    const output = []
    const end = outcome => resolve({ ...outcome, output: Buffer.concat(output).toString() })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => output.push(piece))
    child.on('error', error => end({ code: 1, signal: null, error }))
    child.on('close', (code, signal) => end({ code, signal }))
  })
}

/**
 * One file a process, two processes at a time (starting and comparing run on one thread): SwiftShader crashes a process
 * now and then. A signal is retried once, and said; a failed assertion never.
 */
async function kernelTests(env) {
  headline('kernel tests')
  const waiting = findFiles(path.join(root, 'src'), /\.gpu\.test\.ts$/)
  const work = async () => {
    for (let test = waiting.shift(); test; test = waiting.shift()) await kernelTest(test, env)
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
}

async function kernelTest(test, env) {
  const relative = path.relative(root, test)
  // Two folders may hold files of one name.
  const file = path.join(results, `${relative.replaceAll(path.sep, '.')}.json`)
  const args = [
    tool('vitest', 'vitest.mjs'),
    ...['run', '--project', 'gpu', '--reporter', 'default', '--reporter', 'json'],
    ...['--outputFile.json', file, relative],
  ]
  let outcome = await runQuietly(process.execPath, args, env)
  const isRetried = crashed(outcome, file)
  if (isRetried) {
    rmSync(file, { force: true })
    outcome = await runQuietly(process.execPath, args, env)
  }
  headline(`kernel tests: ${relative}`)
  if (isRetried)
    console.log(`The graphics driver ended the process of ${relative} by a signal; it was run once more.`)
  console.log(outcome.output)
  const before = count.failed
  addReport(file, readVitest)
  if (outcome.code !== 0 && count.failed === before) count.failed++
}

/** True when the process, or vitest's own worker, died by a signal rather than by a failed assertion. */
function crashed(outcome, file) {
  if (outcome.signal) return true
  if (outcome.code === 0) return false
  if (!existsSync(file)) return true
  return JSON.parse(readFileSync(file, 'utf8')).numFailedTests === 0
}

function findFiles(folder, pattern) {
  return readdirSync(folder)
    .flatMap(name => {
      const file = path.join(folder, name)
      return statSync(file).isDirectory() ? findFiles(file, pattern) : pattern.test(name) ? [file] : []
    })
    .sort()
}

async function journeys(env) {
  headline('browser journeys')
  const file = path.join(results, 'e2e.json')
  const args = [tool('@playwright/test', 'cli.js'), 'test']
  const { code } = await run(process.execPath, args, { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: file })
  const before = count.failed
  addReport(file, readPlaywright)
  if (code !== 0 && count.failed === before) count.failed++
}

async function main() {
  ensureInstall()
  rmSync(results, { recursive: true, force: true })
  mkdirSync(results, { recursive: true })
  const env = only === 'full' ? { SMARTFORMER_FULL: '1' } : {}
  if (only !== 'check') {
    env.CHROME_PATH = requireChrome()
    const icd = findSwiftShaderIcd(env.CHROME_PATH)
    if (icd) env.VK_ICD_FILENAMES = process.env.VK_ICD_FILENAMES ?? icd
    Object.assign(env, vulkanEnvironment())
  }
  await check('formatting', [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'])
  await check('lint and the layer rule', [tool('eslint', 'bin', 'eslint.js'), '--quiet', '.'])
  await check('types', [tool('typescript', 'bin', 'tsc'), '--noEmit'])
  if (only !== 'check') {
    await unitTests(env)
    await kernelTests(env)
    await journeys(env)
  }
}

try {
  await main()
} catch (error) {
  console.error(error.message)
  count.failed++
}
console.log(`\nEnded after ${Math.round((Date.now() - started) / 1000)} s.`)
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
process.exit(count.failed === 0 ? 0 : 1)
