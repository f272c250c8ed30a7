export function findChrome(): string | undefined
export function requireChrome(): string
export function findSwiftShaderIcd(chrome?: string): string | undefined
export function vulkanEnvironment(): Record<string, string>
