import { expect, it } from "vitest";
import { startMember } from "./crew.ts";

it("a process that was killed answers no order, neither one it has nor a later one", async () => {
  await using member = startMember();
  const order = { args: ["--version"], env: {}, aheadMs: 0 };
  const ongoing = member.run({ ...order, args: ["synchronization", "--port", "0"] });

  member.kill();

  expect(await ongoing).toBeUndefined();
  expect(await member.run(order)).toBeUndefined();
});
