/**
 * The line from which on a GitLab job log folds. Source: "Custom collapsible sections" of its job logs.
 *
 * @param name Letters, digits, `_`, `.` and `-` only.
 * @param seconds Since the epoch.
 */
export function sectionStart(name: string, header: string, seconds: number): string {
  return `section_start:${seconds}:${name}\r\u001B[0K${header}`;
}

/** The line at which what `sectionStart` began ends. */
export function sectionEnd(name: string, seconds: number): string {
  return `section_end:${seconds}:${name}\r\u001B[0K`;
}
