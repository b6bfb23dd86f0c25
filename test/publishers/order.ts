import { z } from "zod";

/** A run of the command line that a process of a crew is told to do. */
export const Order = z.object({
  id: z.int(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  aheadMs: z.number(),
});
export type Order = z.infer<typeof Order>;

export const Answer = z.object({
  exit: z.int(),
  stdout: z.string(),
  stderr: z.string(),
});
export type Answer = z.infer<typeof Answer>;

export const Message = z.object({ id: z.int(), answer: Answer });
