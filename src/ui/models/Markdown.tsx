// A card's markdown, structured: headings, paragraphs, lists, tables, code. Cards come from anywhere, so that everything is
// text: no HTML, no links, no pictures.
import type { ReactNode } from 'react'
import { markdownBlocks, type Block } from './markdownBlocks.ts'

export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown" tabIndex={0} role="region" aria-label="Card">
      {markdownBlocks(text).map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </div>
  )
}

function BlockView({ block }: { block: Block }) {
  if (block.kind === 'heading')
    return block.level === 1 ? <h3>{inline(block.text)}</h3> : <h4>{inline(block.text)}</h4>
  if (block.kind === 'code') return <pre className="details">{block.text}</pre>
  if (block.kind === 'paragraph') return <p>{inline(block.text)}</p>
  if (block.kind === 'list')
    return (
      <ul>
        {block.items.map((item, at) => (
          <li key={at}>{inline(item)}</li>
        ))}
      </ul>
    )
  const [head, ...rows] = block.rows
  return (
    <div className="table-scroll">
      <table className="self-test">
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at} scope="col">
                {inline(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column} className="figures">
                  {inline(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Bold and code within a line. */
function inline(text: string): ReactNode[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part, at) => {
    if (part.startsWith('**') && part.length > 4) return <b key={at}>{part.slice(2, -2)}</b>
    if (part.startsWith('`') && part.length > 2) return <code key={at}>{part.slice(1, -1)}</code>
    return part
  })
}
