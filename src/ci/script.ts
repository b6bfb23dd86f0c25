import type { JobEnvironment, Section, Setting } from "./job.ts";
import type { Shell } from "./shell.ts";

/** A shell, or a file without commands: there a secret has to stand itself. */
type Form = Omit<Shell, "copy" | "fail"> & Partial<Pick<Shell, "copy">>;

/**
 * The script that sets what a CI system tells. What the job has already, and may keep, is skipped; what the system does
 * not tell is a comment. Throws `UnwritableError`.
 */
export function writeScript(sections: readonly Section[], form: Form, env: JobEnvironment): string {
  const lines = sections.flatMap(({ title, settings }, index) => [
    ...(index === 0 ? [] : [""]),
    form.comment(title),
    ...settings.map((setting) => lineOf(setting, form, env)),
  ]);
  return lines.map((line) => line + form.lineEnd).join("");
}

function lineOf({ name, value, from, keep }: Setting, form: Form, env: JobEnvironment): string {
  if (keep && (env[name] ?? "") !== "") return form.comment(`skip ${name}: it is set already`);
  if (value === "") return form.comment(form.set(name, "").replace(/^@/, ""));
  if (from !== undefined && form.copy !== undefined) return form.copy(name, from);
  return form.set(name, value);
}
