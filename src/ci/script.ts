import type { JobEnvironment, Section, Setting } from "./job.ts";
import type { Shell } from "./shell.ts";

/** A shell, or a file without commands: there a secret has to stand itself, and nothing is said to its reader. */
type Form = Omit<Shell, "copy" | "comment" | "fail"> & Partial<Pick<Shell, "copy" | "comment">>;

/**
 * The script that sets what a CI system tells. What the job has already, and may keep, is skipped; what the system does
 * not tell is a comment. Throws `UnwritableError`.
 */
export function writeScript(sections: readonly Section[], form: Form, env: JobEnvironment): string {
  const said = (text: string): string[] => (form.comment === undefined ? [] : [form.comment(text)]);
  const lines = sections.flatMap(({ title, settings }, index) => [
    ...(index === 0 || form.comment === undefined ? [] : [""]),
    ...said(title),
    ...settings.flatMap(linesOf),
  ]);
  return lines.map((line) => line + form.lineEnd).join("");

  function linesOf({ name, value, from, keep }: Setting): string[] {
    if (keep && (env[name] ?? "") !== "") return said(`skip ${name}: it is set already`);
    if (value === "") return said(form.set(name, "").replace(/^@/, ""));
    return [
      from !== undefined && form.copy !== undefined ? form.copy(name, from) : form.set(name, value),
    ];
  }
}
