import { z } from "zod";

/** What a helper is told to do. */
export const Order = z.discriminatedUnion("kind", [
  z.object({
    id: z.int(),
    kind: z.literal("cli"),
    args: z.array(z.string()),
    env: z.record(z.string(), z.string()),
  }),
  z.object({
    id: z.int(),
    kind: z.literal("git"),
    dir: z.string(),
    args: z.array(z.string()),
    input: z.string(),
  }),
]);
export type Order = z.infer<typeof Order>;

/** How it ended; a command of git that failed is an error. */
export const Answer = z.object({
  exit: z.int().optional(),
  stdout: z.string().optional(),
  stderr: z.string().optional(),
  error: z.string().optional(),
});
export type Answer = z.infer<typeof Answer>;
