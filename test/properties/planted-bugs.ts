import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Plants bugs into a copy of the product, one at a time, and shows that the properties turn red for each:
 * `node test/properties/planted-bugs.ts`. Ends with 0 only when every bug is seen and the copy without one is green.
 */
interface Bug {
  readonly name: string;
  /** As `--only` of `run-many.ts`. Default: all properties are asked. */
  readonly only?: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** Repositories of every kind on registries of every kind. */
const EVERYWHERE = "on every deletion mode";

const BUGS: readonly Bug[] = [
  {
    name: "a child of a kept index is not kept",
    file: "src/engine/cleanup/closure.ts",
    find: "      for (const child of known.children) {\n        reach(",
    put: "      for (const child of known.children.slice(1)) {\n        reach(",
  },
  {
    name: "a manifest is deleted although a tag on it stays",
    file: "src/engine/cleanup/ways.ts",
    find: "if (stayingTag(digest, decisions, catalog) === undefined && !reached.has(digest)) {",
    put: "if (manifest) {",
  },
  {
    name: "the order of deletions is reversed",
    file: "src/engine/cleanup/order.ts",
    find: "a.item.level - b.item.level ||",
    put: "b.item.level - a.item.level ||",
  },
  {
    name: "what a manifest without a tag is about is forgotten",
    only: EVERYWHERE,
    file: "src/engine/cleanup/untagged.ts",
    find: "if (subject !== undefined) subjects.set(digest, subject);",
    put: "",
  },
  {
    name: "a registry that deletes children with their index is taken for one that does not",
    only: EVERYWHERE,
    file: "src/engine/cleanup/cascade.ts",
    find: 'const takesChildren = cascade.includes("children");',
    put: "const takesChildren = false;",
  },
  {
    name: "a registry that deletes referrers with their subject is taken for one that does not",
    only: EVERYWHERE,
    file: "src/engine/cleanup/cascade.ts",
    find: 'const takesReferrers = cascade.includes("referrers");',
    put: "const takesReferrers = false;",
  },
  {
    name: "a tag that takes its manifest along goes alone",
    only: EVERYWHERE,
    file: "src/engine/cleanup/ways.ts",
    find: "means.tagAlone && (staying !== undefined || !means.lastTagTakesManifest);",
    put: "means.tagAlone;",
  },
  {
    name: "a used digest that no tag names is forgotten",
    only: EVERYWHERE,
    file: "src/engine/cleanup/used.ts",
    find: "if (entries.length === 0) loose.set(digest, images);",
    put: "",
  },
  {
    name: "a used tag keeps itself and not its stage",
    only: EVERYWHERE,
    file: "src/engine/cleanup/used.ts",
    find: "for (const stage of stagesOf(entry, catalog)) use(stage, images);",
    put: "",
  },
  {
    name: "the lease of a publisher is forgotten",
    only: EVERYWHERE,
    file: "src/engine/cleanup/leases.ts",
    find: "return there.map(",
    put: "return there.slice(1).map(",
  },
  {
    name: "a young manifest without a tag is taken for an old one",
    only: EVERYWHERE,
    file: "src/engine/cleanup/untagged.ts",
    find: "if (pushedAt < now - hours * HOUR_MS) return undefined;",
    put: "if (pushedAt < now) return undefined;",
  },
  {
    name: "what the history keeps of claimed tags is forgotten",
    only: EVERYWHERE,
    file: "src/engine/cleanup/rules/judge.ts",
    find: "...(kept.get(image.tag) ?? []),",
    put: "",
  },
  {
    name: "a claimed tag on a child of a kept index is not kept",
    only: EVERYWHERE,
    file: "src/engine/cleanup/closure.ts",
    find: "for (const { tag } of entries) if (catalog.claims.has(tag)) keep(tag, reason);",
    put: "",
  },
  {
    name: "what goes along with its subject is not written down",
    only: EVERYWHERE,
    file: "src/commands/cleanup/write-down.ts",
    find: "wave = checked.filter(isPresent);",
    put: "wave = checked.filter(isPresent).slice(1);",
  },
  {
    name: "clusters are not asked again",
    only: EVERYWHERE,
    file: "src/commands/cleanup/gather-cleanup.ts",
    find: 'usage?.read("now"),',
    put: "undefined,",
  },
];

const CASES = 500;
/** Of bugs that few properties see. */
const MANY_CASES = 1500;
const COPIED = ["src", "adapters", "contract-tests", "test", "package.json"];

const root = await mkdtemp(join(tmpdir(), "tidemark-planted-"));
try {
  process.exitCode = (await plantAll()) ? 0 : 1;
} finally {
  await rm(root, { recursive: true, force: true });
}

async function plantAll(): Promise<boolean> {
  for (const name of COPIED) await cp(resolve(name), join(root, name), { recursive: true });
  await symlink(resolve("node_modules"), join(root, "node_modules"));
  let asExpected = true;
  for (const bug of [undefined, ...BUGS]) {
    const { isGreen, output } = await (bug === undefined ? check("") : withBug(bug));
    const isRight = isGreen === (bug === undefined);
    asExpected &&= isRight;
    const seen = output.split("\n").filter((line) => line.startsWith("BROKEN")).length;
    const told = bug === undefined ? "nothing planted" : bug.name;
    console.log(`${isRight ? "ok" : "WRONG"}  ${told}: ${seen} properties broken`);
    if (!isRight) console.log(output);
  }
  return asExpected;
}

async function withBug({ name, only = "", file, find, put }: Bug): ReturnType<typeof check> {
  const path = join(root, file);
  const text = await readFile(path, "utf8");
  if (text.split(find).length !== 2) throw new Error(`${file} has no single place for: ${name}`);
  await writeFile(path, text.replace(find, put));
  try {
    return await check(only);
  } finally {
    await writeFile(path, text);
  }
}

function check(only: string): Promise<{ readonly isGreen: boolean; readonly output: string }> {
  const cases = String(only === "" ? CASES : MANY_CASES);
  const args = ["test/properties/run-many.ts", "--cases", cases, "--only", only, "--quick"];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  return new Promise((settle, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      settle({ isGreen: code === 0, output: Buffer.concat(chunks).toString("utf8") });
    });
  });
}
