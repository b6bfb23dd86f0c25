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
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

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
];

const CASES = 500;
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
    const { isGreen, output } = await (bug === undefined ? check() : withBug(bug));
    const isRight = isGreen === (bug === undefined);
    asExpected &&= isRight;
    const seen = output.split("\n").filter((line) => line.startsWith("BROKEN")).length;
    const told = bug === undefined ? "nothing planted" : bug.name;
    console.log(`${isRight ? "ok" : "WRONG"}  ${told}: ${seen} properties broken`);
    if (!isRight) console.log(output);
  }
  return asExpected;
}

async function withBug({ name, file, find, put }: Bug): ReturnType<typeof check> {
  const path = join(root, file);
  const text = await readFile(path, "utf8");
  if (text.split(find).length !== 2) throw new Error(`${file} has no single place for: ${name}`);
  await writeFile(path, text.replace(find, put));
  try {
    return await check();
  } finally {
    await writeFile(path, text);
  }
}

function check(): Promise<{ readonly isGreen: boolean; readonly output: string }> {
  const args = ["test/properties/run-many.ts", "--cases", String(CASES), "--quick"];
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
