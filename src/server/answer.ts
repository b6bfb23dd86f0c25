import type { FastifyReply } from "fastify";

const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** Answers with JSON, byte for byte as Go's encoder writes it: a line of its own, nothing that HTML could take for a tag. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  const json = JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (found) => ESCAPES[found] ?? found,
  );
  return reply.type("application/json; charset=utf-8").send(`${json}\n`);
}

/** Answers with a line for people. */
export function sendLine(reply: FastifyReply, status: number, line: string): FastifyReply {
  return reply
    .code(status)
    .type("text/plain; charset=utf-8")
    .header("x-content-type-options", "nosniff")
    .send(`${line}\n`);
}
