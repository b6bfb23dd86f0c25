import { expect, it } from "vitest";
import { remedyFor, remedyForContent } from "../../src/distribution/upload-remedy.ts";
import type { Remedy } from "../../src/distribution/upload-remedy.ts";
import type { Step } from "../../src/distribution/upload-transfer.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";

interface Case {
  readonly step: Step;
  readonly code: RegistryErrorCode;
  readonly status?: number;
  readonly offset?: number;
  readonly failures?: number;
  readonly troubles?: number;
  readonly restarts?: number;
  readonly remedy: Remedy;
}

const CASES: readonly Case[] = [
  { step: "start", code: "unavailable", remedy: "restart" },
  { step: "start", code: "denied", remedy: "none" },
  { step: "start", code: "unauthorized", status: 401, remedy: "none" },
  { step: "start", code: "not-found", status: 404, remedy: "none" },
  { step: "append", code: "unavailable", remedy: "resume" },
  { step: "append", code: "rate-limited", status: 429, remedy: "resume" },
  { step: "append", code: "denied", status: 401, remedy: "resume" },
  { step: "append", code: "denied", status: 403, remedy: "none" },
  { step: "append", code: "conflict", status: 409, remedy: "none" },
  { step: "append", code: "not-found", status: 404, remedy: "restart" },
  { step: "append", code: "invalid", status: 416, offset: 10, remedy: "resume" },
  { step: "append", code: "invalid", status: 416, offset: 10, failures: 2, remedy: "restart" },
  { step: "append", code: "unsupported", status: 405, remedy: "restart-whole" },
  { step: "append", code: "invalid", status: 400, offset: 10, remedy: "restart" },
  {
    step: "append",
    code: "invalid",
    status: 400,
    offset: 10,
    restarts: 2,
    remedy: "restart-whole",
  },
  { step: "ask", code: "unavailable", remedy: "resume" },
  { step: "ask", code: "denied", status: 403, remedy: "restart" },
  { step: "finish", code: "unavailable", remedy: "resume" },
  { step: "finish", code: "not-found", status: 404, remedy: "restart" },
  { step: "finish", code: "invalid", status: 400, remedy: "none" },
  { step: "finish", code: "invalid", status: 400, troubles: 2, remedy: "restart" },
  { step: "finish", code: "conflict", status: 412, troubles: 2, remedy: "none" },
];

it.each(CASES)("$step: $code $status after $failures/$troubles means $remedy", (one) => {
  const { step, code, status, remedy } = one;
  const error = new RegistryError(code, "refused", status === undefined ? {} : { status });
  const { offset = 0, failures = 1, troubles = failures, restarts = 0 } = one;
  const transfer = { step: () => step, offset: () => offset };

  expect(remedyFor(error, { transfer, failures, troubles, restarts })).toBe(remedy);
});

it("what is no registry's refusal has no remedy", () => {
  const transfer = { step: () => "append" as const, offset: () => 0 };
  const situation = { transfer, failures: 1, troubles: 1, restarts: 0 };

  expect(remedyFor(new Error("a bug"), situation)).toBe("none");
  expect(remedyForContent(new Error("the disk is gone"))).toBe("none");
  expect(remedyForContent(new RegistryError("invalid", "other bytes"))).toBe("none");
  expect(remedyForContent(new RegistryError("unavailable", "broken off"))).toBe("resume");
});
