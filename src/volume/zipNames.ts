// The names in a zip archive, from its end alone: what it is can be told without reading it. Source: PKWARE APPNOTE 6.3.9,
// sections 4.3.12 and 4.3.16.

const endBytes = 22
const mostCommentBytes = 0xffff
/** Far more than the list of any archive that has to be told apart. */
const mostDirectoryBytes = 8 * 2 ** 20

async function read(archive: Blob, from: number, to: number): Promise<DataView> {
  return new DataView(await archive.slice(from, to).arrayBuffer())
}

/** Names with their folders; none where it is no zip, a damaged or a very large one (zip64). */
export async function zipNames(archive: Blob): Promise<string[]> {
  const tailAt = Math.max(0, archive.size - endBytes - mostCommentBytes)
  const tail = await read(archive, tailAt, archive.size)
  let end = tail.byteLength - endBytes
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0) return []
  const directoryBytes = tail.getUint32(end + 12, true)
  const directoryAt = tail.getUint32(end + 16, true)
  if (directoryBytes > mostDirectoryBytes || directoryAt + directoryBytes > archive.size) return []
  const directory = await read(archive, directoryAt, directoryAt + directoryBytes)
  const names: string[] = []
  for (let at = 0; at + 46 <= directory.byteLength;) {
    if (directory.getUint32(at, true) !== 0x02014b50) break
    const nameBytes = directory.getUint16(at + 28, true)
    if (at + 46 + nameBytes > directory.byteLength) break
    names.push(new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameBytes)))
    at += 46 + nameBytes + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true)
  }
  return names
}
