// Hands a file to the reader through the browser's own download.
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The download has begun by then; the bytes would stay in memory otherwise.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
