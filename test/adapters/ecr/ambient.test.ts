import { expect, it } from "vitest";
import { createLogin } from "../../../adapters/ecr/login.ts";

const GREETING = { protocol: "https:", status: 401, headers: {}, challenges: [] } as const;

it("a host that only answers as ECR does gets no token, and the user is told what to say", async () => {
  const login = createLogin(
    {
      host: "registry.evil.test",
      credentials: { find: async () => undefined },
      now: () => new Date(),
      greeting: GREETING,
    },
    {
      call: () => Promise.reject(new Error("AWS was asked for a token")),
      purpose: () => ({ host: "", verb: "", reference: "", scrub: (text) => text }),
      keepSecret: () => undefined,
    },
    { isOptional: false },
  );

  const found = login.find("registry.evil.test", "shop");

  await expect(found).rejects.toMatchObject({
    code: "unauthorized",
    hint: expect.stringContaining("--repo-implementation ecr"),
  });
});
