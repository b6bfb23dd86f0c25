import type { AuditedRepository, GrowthPoint } from "../../engine/audit/audit.ts";

/** Growth of several repositories together, day by day; where one has no point, its last one counts. */
export function growthOf(repositories: readonly AuditedRepository[]): readonly GrowthPoint[] {
  if (repositories.length === 1) return repositories[0]?.growth ?? [];
  const days = new Set(repositories.flatMap(({ growth }) => growth.map(({ day }) => day)));
  const byDay = repositories.map(
    ({ growth }) => new Map(growth.map((point) => [point.day, point])),
  );
  const last: (GrowthPoint | undefined)[] = repositories.map(() => undefined);
  return [...days].sort().map((day) => {
    for (const [place, points] of byDay.entries()) last[place] = points.get(day) ?? last[place];
    return {
      day,
      tags: last.reduce((sum, point) => sum + (point?.tags ?? 0), 0),
      bytes: last.reduce((sum, point) => sum + (point?.bytes ?? 0), 0),
    };
  });
}

/** At most so many points, the first and the last among them. */
export function thinned(points: readonly GrowthPoint[], most: number): readonly GrowthPoint[] {
  if (points.length <= most) return points;
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, place) => points[Math.round(place * step)]).filter(
    (point) => point !== undefined,
  );
}
