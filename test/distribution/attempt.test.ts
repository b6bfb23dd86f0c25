import { describe, expect, it } from "vitest";
import { attempt } from "../../src/distribution/attempt.ts";
import { RegistryError } from "../../src/registry/error.ts";

const denied = new RegistryError("denied", "registry.example: cannot delete a: denied");

describe("an attempt", () => {
  it("answers what its action answers", async () => {
    expect(await attempt({}, async () => 1)).toBe(1);
  });

  it("answers a registry's failure instead of throwing it", async () => {
    expect(await attempt({}, () => Promise.reject(denied))).toBe(denied);
  });

  it("throws what is no registry's failure", async () => {
    const defect = new TypeError("undefined is not a function");

    await expect(attempt({}, () => Promise.reject(defect))).rejects.toBe(defect);
  });

  it("throws the reason of an aborted signal, whatever failed", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);

    await expect(attempt({ signal }, () => Promise.reject(denied))).rejects.toBe(reason);
  });
});
