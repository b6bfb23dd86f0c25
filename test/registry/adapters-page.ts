import { readFile } from "node:fs/promises";
import { join, normalize, relative } from "node:path";
import type { AdapterEntry, AdapterOption } from "../../src/registry/adapter.ts";
import type { Capabilities } from "../../src/registry/capabilities.ts";
import {
  CAPABILITY_FIELDS,
  describeCapabilities,
} from "../../src/registry/describe-capabilities.ts";
import type { CapabilityLine } from "../../src/registry/describe-capabilities.ts";

/** What stands above this line is written by hand. */
export const MARK =
  "<!-- From here on written by `npm run docs:adapters`: the table of adapters, their records and READMEs. -->";

interface Described {
  readonly entry: AdapterEntry;
  readonly record: Capabilities;
  /** The README below its first heading. */
  readonly body: string;
  /** What the first heading says after `id:`. */
  readonly serves: string;
}

/** The page with everything below the mark written anew. Throws where an adapter has no README of the right form. */
export async function adaptersPage(
  page: string,
  adapters: readonly AdapterEntry[],
): Promise<string> {
  const at = page.indexOf(MARK);
  if (at === -1) throw new Error(`docs/adapters.md has no line ${MARK}`);
  const described = await Promise.all(adapters.map(describe));
  const parts = [
    MARK,
    "## Implementations",
    implementationTable(described),
    "## Capabilities",
    capabilityTable(described),
    "What the values mean:",
    meaningTable(described),
    "## Options",
    "Each is given for a role: here `repo`, and in the same way every other role that a command has. It is read from `TIDEMARK_REPO_…`, then `WERF_REPO_…`, then from the variables named here. A value given as a flag can be seen in the list of processes; a variable cannot.",
    ...described.flatMap(optionTable),
    ...described.map(readme),
  ];
  return `${page.slice(0, at)}${parts.join("\n\n")}\n`;
}

async function describe(entry: AdapterEntry): Promise<Described> {
  const { capabilities: record } = await entry.load();
  const path = `adapters/${entry.id}/README.md`;
  const text = await readFile(path, "utf8");
  const [, id, serves] = /^# ([a-z]+)(?:: (.+))?\n/.exec(text) ?? [];
  if (id !== entry.id) throw new Error(`${path} does not start with "# ${entry.id}: …"`);
  const body = text.slice(text.indexOf("\n")).trim();
  return {
    entry,
    record,
    body,
    serves: serves ?? "any other registry that speaks OCI Distribution",
  };
}

function implementationTable(described: readonly Described[]): string {
  return table(
    ["`--repo-implementation`", "Serves", "Recognised by"],
    described.map(({ entry, serves }) => [
      `[\`${entry.id}\`](#${anchorOf(headingOf(entry, serves))})`,
      serves,
      waysOf(entry).join(", "),
    ]),
  );
}

function waysOf({ id, recognise, probe }: AdapterEntry): string[] {
  if (id === "default") return ["nothing else fits"];
  return [
    "name",
    ...(recognise === undefined ? [] : ["first answer"]),
    ...(probe === undefined ? [] : ["a page of its own"]),
  ];
}

function capabilityTable(described: readonly Described[]): string {
  const columns = described.map(({ record }) => describeCapabilities(record));
  return table(
    ["", ...described.map(({ entry }) => `\`${entry.id}\``)],
    CAPABILITY_FIELDS.map((field, row) => [
      `\`${field}\``,
      ...columns.map((lines) => lines[row]?.value ?? ""),
    ]),
  );
}

/** Every value that some record has, once, in the order of the fields. */
function meaningTable(described: readonly Described[]): string {
  const lines = described.flatMap(({ record }) => describeCapabilities(record));
  const keyOf = ({ field, value }: CapabilityLine): string => `${field} ${value}`;
  const distinct = [...new Map(lines.map((line) => [keyOf(line), line])).values()];
  return table(
    ["Field", "Value", "Meaning"],
    CAPABILITY_FIELDS.flatMap((field) =>
      distinct
        .filter((line) => line.field === field)
        .map(({ value, meaning }) => [`\`${field}\``, value, meaning]),
    ),
  );
}

function optionTable({ entry: { id, options } }: Described): string[] {
  if (options.length === 0) return [];
  return [
    `### Options of \`${id}\``,
    table(["Option", "What it is", "Further variables"], options.map(optionRow)),
  ];
}

function optionRow({ name, about, value, env = [] }: AdapterOption): string[] {
  const word = value === undefined ? "" : ` <${value}>`;
  return [`\`--repo-${name}${word}\``, about, env.map((variable) => `\`${variable}\``).join(", ")];
}

function readme({ entry, serves, body }: Described): string {
  const inside = body
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part) => (part.startsWith("```") ? part : relink(part.replaceAll(/^#/gm, "##"), entry)))
    .join("");
  return `## ${headingOf(entry, serves)}\n\n${inside}`;
}

function headingOf({ id }: AdapterEntry, serves: string): string {
  return `${id}: ${serves}`;
}

/** Links of a README as they are from `docs/`. */
function relink(text: string, { id }: AdapterEntry): string {
  return text.replaceAll(/\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_, path: string) => {
    const target = normalize(join("adapters", id, path));
    return `](${relative("docs", target)})`;
  });
}

/** As GitHub, GitLab and most renderers make it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, head.map(() => "---"), ...rows];
  return cells
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
