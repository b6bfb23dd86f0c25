import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMeter } from "../../src/cli/meter.ts";

describe("a meter", () => {
  it("says nothing within the first second", () => {
    const meter = createMeter({ total: 10 }, 0);

    expect(meter.read({ done: 5 }, 900)).toEqual({});
  });

  it("tells the time that is left by the items where nothing has bytes", () => {
    const meter = createMeter({ total: 100 }, 0);

    expect(meter.read({ done: 20 }, 2_000)).toEqual({ items: 10, leftMs: 8_000 });
  });

  it("tells the time that is left by how much there turns out to be", () => {
    const meter = createMeter({ total: 100 }, 0);

    expect(meter.read({ done: 20, total: 220 }, 2_000)).toEqual({ items: 10, leftMs: 20_000 });
  });

  it.each([
    ["bytes", { total: 10, totalBytes: 4_000 }, { done: 8, bytes: 1_000 }, 6_000],
    ["items", { total: 10, totalBytes: 1_000 }, { done: 2, bytes: 900 }, 8_000],
  ])("goes by the %s where those take longer", (_, goal, reading, leftMs) => {
    const meter = createMeter(goal, 0);

    expect(meter.read(reading, 2_000).leftMs).toBe(leftMs);
  });

  it("goes by what happened lately", () => {
    const meter = createMeter({ total: 1_000 }, 0);
    for (let second = 1; second <= 30; second += 1) meter.read({ done: 10 * second }, second * 1e3);
    for (let second = 31; second <= 90; second += 1) meter.read({ done: 300 }, second * 1e3);

    const pace = meter.read({ done: 330 }, 91_000);

    expect(pace.items).toBeCloseTo(1, 1);
  });

  it("adds a pause that was just asked for, as far as it lasts yet", () => {
    const meter = createMeter({ total: 100 }, 0);
    meter.pause(10_000, 1_000);

    expect(meter.read({ done: 20 }, 2_000).leftMs).toBe(8_000 + 9_000);
    expect(meter.read({ done: 100 }, 3_000).leftMs).toBe(0);
  });

  it("tells no time while nothing moves", () => {
    const meter = createMeter({ total: 100 }, 0);

    expect(meter.read({ done: 0 }, 5_000)).toEqual({ items: 0 });
  });

  it("never promises less than nothing, nor what is no number", () => {
    const step = fc.record({
      done: fc.nat(1_000),
      bytes: fc.option(fc.nat(1_000_000), { nil: undefined }),
      after: fc.nat(40_000),
    });
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000_000), fc.array(step), (total, totalBytes, steps) => {
        const meter = createMeter({ total, totalBytes }, 0);
        let now = 0;
        for (const { done, bytes, after } of steps) {
          now += after;
          const reading = { done, ...(bytes === undefined ? {} : { bytes }) };
          const { leftMs = 0 } = meter.read(reading, now);
          expect(leftMs).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(leftMs)).toBe(true);
        }
      }),
    );
  });
});
