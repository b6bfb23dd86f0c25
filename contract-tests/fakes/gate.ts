import { ALL_RIGHTS, basicUser } from "./auth.ts";
import type { FakeAuth, FakeUser, Gate } from "./auth.ts";
import { problem } from "./message.ts";
import { createTokens } from "./tokens.ts";

/** What stands before the registry: nothing, Basic or Bearer. */
export function createGate(auth: FakeAuth, now: () => number): Gate {
  switch (auth.kind) {
    case "none":
      return {
        check: () => undefined,
        issue: () => problem(404, "UNSUPPORTED"),
        revokeTokens() {},
      };
    case "basic":
      return basicGate(auth.users);
    case "bearer":
      return createTokens(auth, now);
  }
}

function basicGate(users: readonly FakeUser[]): Gate {
  return {
    check({ headers }, needs) {
      const user = basicUser(headers["authorization"], users);
      if (user === undefined) {
        return problem(401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="fake"' });
      }
      const rights = user.rights ?? ALL_RIGHTS;
      return needs.every(({ action }) => rights.includes(action))
        ? undefined
        : problem(403, "DENIED");
    },
    issue: () => problem(404, "UNSUPPORTED"),
    revokeTokens() {},
  };
}
