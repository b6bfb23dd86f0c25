import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";

const Step = z.strictObject({
  /** How much later than the step before. Milliseconds. */
  afterMs: z.int().optional(),
  method: z.enum(["GET", "POST"]),
  path: z.string(),
  body: z.string().optional(),
  status: z.int(),
  answer: z.string().optional(),
  answerBegins: z.string().optional(),
});

const Transcript = z.strictObject({
  about: z.string(),
  /** The versions of lockgate whose own server says the same, byte for byte. */
  of: z.array(z.enum(["0.1.1", "0.2.0"])),
  steps: z.array(Step),
});

/** What a client sends and a lock server answers. `$name` stands for a UUID: any where it occurs first, then that one. */
export interface Transcript extends z.infer<typeof Transcript> {
  readonly name: string;
}

const DIRECTORY = join(import.meta.dirname, "transcripts");

export function readTranscripts(): Transcript[] {
  return readdirSync(DIRECTORY).map((file) => ({
    name: file.replace(/\.json$/, ""),
    ...Transcript.parse(JSON.parse(readFileSync(join(DIRECTORY, file), "utf8"))),
  }));
}

/** Whether a transcript needs no time, so that it can be had from a server with a clock of its own. */
export function isTimeless({ steps }: Transcript): boolean {
  return steps.every(({ afterMs = 0 }) => afterMs === 0);
}

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/** Plays a client and expects the answers. */
export async function replay(
  url: string,
  { steps }: Transcript,
  pass: (ms: number) => unknown,
): Promise<void> {
  const uuids = new Map<string, string>();
  for (const [index, { afterMs = 0, method, path, body, ...expected }] of steps.entries()) {
    if (afterMs > 0) await pass(afterMs);
    const text = body?.replaceAll(/\$(?<name>[a-z]+)/g, (_, name: string) => uuids.get(name) ?? "");
    // Clients in Go send no content type.
    const response = await fetch(url + path, {
      method,
      ...(text === undefined ? {} : { body: Buffer.from(text) }),
    });
    const found = { step: index, status: response.status, answer: await response.text() };
    const { status, answer, answerBegins } = expected;
    if (answer === undefined) {
      expect(found).toEqual({ step: index, status, answer: expect.stringMatching(/\n$/) });
      expect(found.answer.slice(0, answerBegins?.length)).toBe(answerBegins);
    } else {
      bind(answer, found.answer, uuids);
      const bound = answer.replaceAll(
        /\$(?<name>[a-z]+)/g,
        (_, name: string) => uuids.get(name) ?? "",
      );
      expect(found).toEqual({ step: index, status, answer: bound });
    }
  }
  expect(new Set(uuids.values()).size).toBe(uuids.size);
}

/** Learns what a name stands for, should this be where it occurs first. */
function bind(pattern: string, answer: string, uuids: Map<string, string>): void {
  const name = /\$(?<name>[a-z]+)/.exec(pattern)?.groups?.["name"];
  const uuid = new RegExp(UUID).exec(answer)?.[0];
  if (name !== undefined && uuid !== undefined && !uuids.has(name)) uuids.set(name, uuid);
}
