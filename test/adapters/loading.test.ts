import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { adapters } from "../../adapters/index.ts";

/** The test runner reads TypeScript more kindly than Node does. */
it("every adapter loads in a plain Node", () => {
  const script = `
    const { adapters } = await import("./adapters/index.ts");
    for (const { id, load } of adapters) {
      const { capabilities, openRegistry } = await load();
      console.log(id, typeof capabilities, typeof openRegistry);
    }`;

  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });

  const expected = adapters.map(({ id }) => `${id} object function`);
  expect(printed.trim().split("\n")).toEqual(expected);
});
