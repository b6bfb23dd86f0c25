import { expect, it } from "vitest";

import { answer } from "../../../contract-tests/fakes/message.ts";
import { openHttpClient } from "../../../src/http/open-client.ts";
import { openLockServer } from "../../../src/locks/http/lock-server.ts";
import { startFakeLockServer } from "./fake-lock-server.ts";

it("a registry on the same host that wants to be left alone does not hold up locks", async () => {
  await using fake = await startFakeLockServer();
  fake.fault = async ({ path }) =>
    path.startsWith("/v2/") ? answer(429, { "retry-after": "60" }) : undefined;
  const { promise: paused, resolve } = Promise.withResolvers<void>();
  await using http = openHttpClient({
    userAgent: "test",
    report: ({ type }) => void (type === "http.paused" && resolve()),
  });
  const over = new AbortController();
  const { signal } = over;
  const pull = http.send({ method: "GET", url: new URL("/v2/", fake.url), signal });
  await paused;

  const server = openLockServer(fake.url, { http: () => Promise.resolve(http) });
  const asked = server.post("/new-client-id", {}, AbortSignal.timeout(5_000));

  await expect(asked).resolves.toMatchObject({ err: "" });
  over.abort(new Error("over"));
  await expect(pull).rejects.toThrow("over");
});
