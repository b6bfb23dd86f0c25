import { describe, expect, it } from "vitest";
import { mergeScopes } from "../../src/distribution/scope.ts";

describe("mergeScopes", () => {
  it.each([
    [["repository:a:pull"], ["repository:a:pull"]],
    [["repository:a:pull,delete", "repository:a:push,pull"], ["repository:a:pull,delete,push"]],
    [
      ["repository:b:pull", "repository:a:pull", "repository:b:push"],
      ["repository:b:pull,push", "repository:a:pull"],
    ],
    [
      ["repository:host:5000/a:pull", "aws"],
      ["repository:host:5000/a:pull", "aws"],
    ],
  ])("%j → %j", (scopes, merged) => {
    expect(mergeScopes(scopes)).toEqual(merged);
  });
});
