import { isAlias, isMap, isNode, isScalar, isSeq } from "yaml";
import type { Document, LineCounter, Node, Pair, YAMLMap } from "yaml";

export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

/**
 * Where the value at `path` stands, or the nearest thing above it that stands anywhere. With `key`, where
 * that key of it stands.
 */
export function locate(
  { document, lines }: { readonly document: Document; readonly lines: LineCounter },
  path: readonly PropertyKey[],
  key?: string,
): Position {
  let node = resolve(document, document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    const child = isMap(node)
      ? valueOf(pairOf(node, String(step)))
      : isSeq(node)
        ? node.items[Number(step)]
        : undefined;
    if (!isNode(child)) break;
    offset = child.range?.[0] ?? offset;
    node = resolve(document, child);
  }
  const pair = key !== undefined && isMap(node) ? pairOf(node, key) : undefined;
  if (isNode(pair?.key)) offset = pair.key.range?.[0] ?? offset;
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}

function valueOf(pair: Pair | undefined): unknown {
  return pair?.value ?? pair?.key;
}

function resolve(document: Document, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document);
  return isNode(node) ? node : undefined;
}
