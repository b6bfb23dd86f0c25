import { describe, expect, it } from "vitest";
import { createProgress } from "../../src/cli/progress.ts";
import type { Event } from "../../src/events/event.ts";

const ERASE = "\r\u001B[2K";

describe("where no terminal is", () => {
  it("says when a phase begins and how much there is to do", () => {
    expect(
      shown([
        { type: "phase.started", phase: "listing tags" },
        { type: "phase.started", phase: "resolving tags", total: 3 },
        { type: "phase.advanced", phase: "resolving tags", done: 3 },
      ]),
    ).toBe("listing tags\nresolving tags: 3 to do\n");
  });

  it("says ten times how far a long phase is", () => {
    const advances = Array.from({ length: 200 }, (_, at): Event => ({
      type: "phase.advanced",
      phase: "deleting",
      done: at + 1,
    }));

    const lines = shown([{ type: "phase.started", phase: "deleting", total: 200 }, ...advances]);

    expect(lines.split("\n").slice(0, -1)).toEqual([
      "deleting: 200 to do",
      ...Array.from({ length: 10 }, (_, at) => `deleting: ${(at + 1) * 20} of 200`),
    ]);
  });

  it("takes in that a phase turns out to be longer", () => {
    const advances = Array.from({ length: 200 }, (_, at): Event => ({
      type: "phase.advanced",
      phase: "reading manifests",
      done: at + 1,
      total: at < 50 ? 100 : 200,
    }));

    const lines = shown([
      { type: "phase.started", phase: "reading manifests", total: 100 },
      ...advances,
    ]);

    expect(lines.split("\n").slice(-3)).toEqual([
      "reading manifests: 180 of 200",
      "reading manifests: 200 of 200",
      "",
    ]);
  });

  it("says nothing of a phase without work", () => {
    expect(shown([{ type: "phase.started", phase: "deleting", total: 0 }])).toBe("");
  });

  it("under --quiet shows only what needs attention", () => {
    const events: Event[] = [
      { type: "phase.started", phase: "listing tags" },
      { type: "http.paused", budget: "reg.test", delayMs: 1500 },
      { type: "http.warned", host: "reg.test", text: "moving soon" },
      { type: "warning.raised", message: "look here" },
    ];

    expect(shown(events, { quiet: true })).toBe(
      "warning: reg.test says: moving soon\nwarning: look here\n",
    );
  });

  it("shows retries when asked to be verbose, and pauses always", () => {
    const events: Event[] = [
      { type: "http.paused", budget: "reg.test", delayMs: 1500 },
      ...(["GET", "HEAD"] as const).map((method): Event => ({
        type: "http.retried",
        method,
        url: "https://reg.test/v2/",
        attempt: 1,
        delayMs: 250,
        ...(method === "GET" ? { status: 503 } : {}),
      })),
    ];

    expect(shown(events)).toBe("reg.test asks for a pause of 1.5 s\n");
    expect(shown(events, { verbose: true })).toBe(
      [
        "reg.test asks for a pause of 1.5 s",
        "GET https://reg.test/v2/: 503; attempt 1 failed, next in 0.3 s",
        "HEAD https://reg.test/v2/: no answer; attempt 1 failed, next in 0.3 s",
        "",
      ].join("\n"),
    );
  });
});

describe("on a terminal", () => {
  it("draws one live line, which the end takes away", () => {
    expect(
      shown([{ type: "phase.started", phase: "listing tags" }], { isTTY: true, stops: true }),
    ).toBe(`listing tags${ERASE}`);
  });

  it("goes on with a phase that another one came into", () => {
    const text = shown(
      [
        { type: "phase.started", phase: "deleting", total: 2 },
        { type: "phase.started", phase: "resolving tags", total: 1 },
        { type: "phase.advanced", phase: "resolving tags", done: 1 },
        { type: "phase.advanced", phase: "deleting", done: 2 },
      ],
      { isTTY: true },
    );

    expect(text.split(ERASE)).toEqual([
      "deleting: 0 of 2",
      "resolving tags: 0 of 1",
      "resolving tags: 1 of 1",
      "deleting: 2 of 2",
    ]);
  });

  it("takes the live line away before a warning", () => {
    const text = shown(
      [
        { type: "phase.started", phase: "listing tags" },
        { type: "warning.raised", message: "look here" },
      ],
      { isTTY: true },
    );

    expect(text).toBe(`listing tags${ERASE}warning: look here\n`);
  });
});

describe("a phase that counts bytes", () => {
  const BLOBS: Event = {
    type: "phase.started",
    phase: "copying blobs",
    total: 4,
    totalBytes: 4_194_304,
  };
  const MANIFESTS: Event = { type: "phase.started", phase: "copying manifests", total: 2 };

  it("says on a line every ten seconds how far it is, how fast, and how long it takes yet", () => {
    const lines = told([
      [0, BLOBS],
      [5_000, { type: "phase.advanced", phase: "copying blobs", done: 1, bytes: 524_288 }],
      [10_000, { type: "phase.advanced", phase: "copying blobs", done: 2, bytes: 1_048_576 }],
      [11_000, { type: "phase.advanced", phase: "copying blobs", done: 3, bytes: 1_048_577 }],
    ]);

    expect(lines).toBe(
      [
        "copying blobs: 4 to do (4.0 MiB)",
        "copying blobs: 2 of 4, 1.0 MiB of 4.0 MiB, 102.4 KiB/s, 30 s left",
        "",
      ].join("\n"),
    );
  });

  it("shares the live line with what goes on beside it", () => {
    const text = told(
      [
        [0, MANIFESTS],
        [0, BLOBS],
        [2_000, { type: "phase.advanced", phase: "copying blobs", done: 2, bytes: 2_097_152 }],
        [2_200, { type: "phase.advanced", phase: "copying manifests", done: 1 }],
      ],
      { isTTY: true },
    );

    expect(text.split(ERASE).at(-1)).toBe(
      "copying blobs: 2 of 4, 2.0 MiB of 4.0 MiB, 1.0 MiB/s, 2 s left; copying manifests: 1 of 2, 0.5/s, 3 s left",
    );
  });

  it("counts a pause that a registry asks for as time that is left", () => {
    const lines = told([
      [0, { type: "phase.started", phase: "verifying", total: 40 }],
      [9_000, { type: "http.paused", budget: "reg.test", delayMs: 60_000 }],
      [10_000, { type: "phase.advanced", phase: "verifying", done: 20 }],
    ]);

    expect(lines).toContain("verifying: 20 of 40, 2.0/s, 1 min left\n");
  });
});

/** What is shown of events at moments of a clock, in milliseconds. */
function told(
  events: readonly (readonly [at: number, event: Event])[],
  { isTTY = false } = {},
): string {
  let text = "";
  let now = 0;
  const stream = { isTTY, columns: 200, write: (more: string) => (text += more) };
  const progress = createProgress(stream, { quiet: false, verbose: false }, () => now);
  for (const [at, event] of events) {
    now = at;
    progress.report(event);
  }
  return text;
}

function shown(
  events: readonly Event[],
  { isTTY = false, quiet = false, verbose = false, stops = false } = {},
): string {
  let text = "";
  const stream = { isTTY, columns: 80, write: (more: string) => (text += more) };
  const progress = createProgress(stream, { quiet, verbose });
  for (const event of events) progress.report(event);
  if (stops) progress.stop();
  return text;
}
