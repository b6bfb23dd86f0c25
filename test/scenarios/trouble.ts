import { z } from "zod";
import type { Fault, FaultRule } from "../../contract-tests/fakes/faults.ts";
import type { RepositoryModel } from "./model.ts";
import type { TroubleSpec } from "./scenario.ts";

const FaultSpec = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("throttled"), retryAfter: z.string().optional() }),
  z.strictObject({
    kind: z.literal("status"),
    status: z.int(),
    code: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal("reset") }),
  z.strictObject({ kind: z.literal("reset-after") }),
  z.strictObject({ kind: z.literal("broken-json") }),
  z.strictObject({ kind: z.literal("truncated-list") }),
  z.strictObject({ kind: z.literal("lost-link") }),
  z.strictObject({ kind: z.literal("repeated-page") }),
]);

/** What goes wrong with which answers, as the faults before a registry take it. */
export function troubleRules(
  troubles: readonly TroubleSpec[],
  model: RepositoryModel,
): readonly FaultRule[] {
  return troubles.map(({ method, of, path, times, fault }) => {
    const names = of === undefined ? [] : [model.contentOf(of).digest, ...model.tagsOf(of)];
    const pattern = new RegExp(path ?? "");
    return {
      when: (request) =>
        request.method === method &&
        pattern.test(`${request.path}?${request.query.toString()}`) &&
        (of === undefined || names.some((name) => mentions(request, name))),
      ...(times === undefined ? {} : { times }),
      fault: faultOf(fault),
    };
  });
}

function mentions(
  { path, body }: { readonly path: string; readonly body: Uint8Array },
  name: string,
): boolean {
  return path.includes(name) || Buffer.from(body).includes(name);
}

function faultOf(spec: unknown): Fault {
  const fault = FaultSpec.parse(spec);
  switch (fault.kind) {
    case "throttled":
      return {
        kind: "throttled",
        ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }),
      };
    case "status": {
      const { kind, status, code } = fault;
      return { kind, status, ...(code === undefined ? {} : { code }) };
    }
    default:
      return fault;
  }
}
