import { ConfigError } from "./error.ts";

/** The part of a file that is the configuration; lines before it are blank, so that line numbers hold. */
export interface DocumentText {
  readonly file: string;
  readonly text: string;
  /** Whether the file is a `werf.yaml`, whose other keys and documents are not ours. */
  readonly isWerf: boolean;
}

const SEPARATOR = /^---(?=\s|$)/;
const META_KEY =
  /^(?:configVersion|project|"configVersion"|"project"|'configVersion'|'project')\s*:/m;
const META_KEY_IN_BRACES = /["']?\b(?:configVersion|project)\b["']?\s*:/;

/**
 * Finds the meta document of a `werf.yaml`: the one with `configVersion` or `project` at its top level.
 *
 * Documents are told apart as text, because most image documents are templates and no YAML. A template
 * inside the meta document is a `ConfigError`: what it would turn into is unknown here.
 */
export function metaDocument(file: string, content: string): DocumentText {
  const [meta, second] = splitDocuments(content).filter(isMeta);
  if (meta === undefined) {
    throw new ConfigError(file, [
      {
        path: "",
        text: "no document has configVersion and project (write one; if a template makes it, save the output of `werf config render` and name that file with --config)",
      },
    ]);
  }
  const problems = [...templates(meta), ...(second === undefined ? [] : [secondMeta(second)])];
  if (problems.length > 0) throw new ConfigError(file, problems);
  return { file, text: "\n".repeat(meta.firstLine - 1) + meta.lines.join("\n"), isWerf: true };
}

interface Part {
  /** 1-based. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}

function splitDocuments(content: string): Part[] {
  const parts: { firstLine: number; lines: string[] }[] = [{ firstLine: 1, lines: [] }];
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (SEPARATOR.test(line)) {
      parts.push({ firstLine: index + 1, lines: [line.replace(SEPARATOR, "   ")] });
    } else {
      parts.at(-1)?.lines.push(line);
    }
  }
  return parts;
}

function isMeta({ lines }: Part): boolean {
  const text = lines
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .trimStart();
  const isInBraces = text.startsWith("{") && !text.startsWith("{{");
  return isInBraces ? META_KEY_IN_BRACES.test(text) : META_KEY.test(text);
}

function templates({
  firstLine,
  lines,
}: Part): { line: number; column: number; path: string; text: string }[] {
  return lines.flatMap((line, index) => {
    const column = line.indexOf("{{");
    if (column === -1) return [];
    const text =
      "a template inside the meta document is not evaluated (save the output of `werf config render` and name that file with --config)";
    return [{ line: firstLine + index, column: column + 1, path: "", text }];
  });
}

function secondMeta({ firstLine }: Part): {
  line: number;
  column: number;
  path: string;
  text: string;
} {
  const text = "a second document has configVersion or project (keep one)";
  return { line: firstLine, column: 1, path: "", text };
}
