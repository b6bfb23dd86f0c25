/** A distribution or runtime, with the day on which support of each of its releases ends. */
export interface Product {
  readonly name: string;
  /** Names of its official image. */
  readonly images: readonly string[];
  /** The variable in which its official image tells its version. */
  readonly variable?: string;
  /** Numbers of a version that make a release: 1 for `18`, 2 for `3.9`. */
  readonly parts: 1 | 2;
  /** `YYYY-MM-DD` by release: the last day with fixes for everybody, at no charge. */
  readonly ends: Readonly<Record<string, string>>;
  /** Releases by their code names. */
  readonly codeNames?: Readonly<Record<string, string>>;
}

/** The day of which the table is: later releases are not in it, and later changes of dates neither. */
export const SUPPORT_TABLE_OF = "2026-04-30";

/**
 * Ends of support, long-term support by volunteers included, paid support not. Where only the month is known it is the last
 * day of it. What is not in the table is not judged.
 *
 * Source: endoflife.date, which follows the release pages of each product.
 */
export const PRODUCTS: readonly Product[] = [
  {
    name: "Debian",
    images: ["debian"],
    parts: 1,
    ends: {
      "7": "2018-05-31",
      "8": "2020-06-30",
      "9": "2022-07-01",
      "10": "2024-06-30",
      "11": "2026-08-31",
      "12": "2028-06-10",
      "13": "2030-06-30",
    },
    codeNames: {
      wheezy: "7",
      jessie: "8",
      stretch: "9",
      buster: "10",
      bullseye: "11",
      bookworm: "12",
      trixie: "13",
    },
  },
  {
    name: "Ubuntu",
    images: ["ubuntu"],
    parts: 2,
    ends: {
      "12.04": "2017-04-28",
      "14.04": "2019-04-02",
      "16.04": "2021-04-02",
      "18.04": "2023-05-31",
      "18.10": "2019-07-18",
      "19.04": "2020-01-23",
      "19.10": "2020-07-06",
      "20.04": "2025-05-31",
      "20.10": "2021-07-22",
      "21.04": "2022-01-20",
      "21.10": "2022-07-14",
      "22.04": "2027-04-01",
      "22.10": "2023-07-20",
      "23.04": "2024-01-20",
      "23.10": "2024-07-12",
      "24.04": "2029-05-31",
      "24.10": "2025-07-10",
      "25.04": "2026-01-17",
      "25.10": "2026-07-01",
      "26.04": "2031-04-30",
    },
    codeNames: {
      trusty: "14.04",
      xenial: "16.04",
      bionic: "18.04",
      focal: "20.04",
      jammy: "22.04",
      noble: "24.04",
      resolute: "26.04",
    },
  },
  {
    name: "Alpine",
    images: ["alpine"],
    parts: 2,
    ends: {
      "3.8": "2020-05-01",
      "3.9": "2020-11-01",
      "3.10": "2021-05-01",
      "3.11": "2021-11-01",
      "3.12": "2022-05-01",
      "3.13": "2022-11-01",
      "3.14": "2023-05-01",
      "3.15": "2023-11-01",
      "3.16": "2024-05-23",
      "3.17": "2024-11-22",
      "3.18": "2025-05-09",
      "3.19": "2025-11-01",
      "3.20": "2026-04-01",
      "3.21": "2026-11-01",
      "3.22": "2027-05-01",
      "3.23": "2027-11-01",
    },
  },
  {
    name: "CentOS Linux",
    images: ["centos"],
    parts: 1,
    ends: { "5": "2017-03-31", "6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31" },
  },
  {
    name: "Node.js",
    images: ["node"],
    variable: "NODE_VERSION",
    parts: 1,
    ends: {
      "8": "2019-12-31",
      "9": "2018-06-30",
      "10": "2021-04-30",
      "11": "2019-06-30",
      "12": "2022-04-30",
      "13": "2020-06-01",
      "14": "2023-04-30",
      "15": "2021-06-01",
      "16": "2023-09-11",
      "17": "2022-06-01",
      "18": "2025-04-30",
      "19": "2023-06-01",
      "20": "2026-04-30",
      "21": "2024-06-01",
      "22": "2027-04-30",
      "23": "2025-06-01",
      "24": "2028-04-30",
    },
  },
  {
    name: "Python",
    images: ["python"],
    variable: "PYTHON_VERSION",
    parts: 2,
    ends: {
      "2.7": "2020-01-01",
      "3.4": "2019-03-18",
      "3.5": "2020-09-30",
      "3.6": "2021-12-23",
      "3.7": "2023-06-27",
      "3.8": "2024-10-07",
      "3.9": "2025-10-31",
      "3.10": "2026-10-31",
      "3.11": "2027-10-31",
      "3.12": "2028-10-31",
      "3.13": "2029-10-31",
      "3.14": "2030-10-31",
    },
  },
  {
    name: "PHP",
    images: ["php"],
    variable: "PHP_VERSION",
    parts: 2,
    ends: {
      "5.6": "2018-12-31",
      "7.0": "2019-01-10",
      "7.1": "2019-12-01",
      "7.2": "2020-11-30",
      "7.3": "2021-12-06",
      "7.4": "2022-11-28",
      "8.0": "2023-11-26",
      "8.1": "2025-12-31",
      "8.2": "2026-12-31",
      "8.3": "2027-12-31",
      "8.4": "2028-12-31",
      "8.5": "2029-12-31",
    },
  },
  {
    name: "Ruby",
    images: ["ruby"],
    variable: "RUBY_VERSION",
    parts: 2,
    ends: {
      "2.4": "2020-03-31",
      "2.5": "2021-03-31",
      "2.6": "2022-03-31",
      "2.7": "2023-03-31",
      "3.0": "2024-04-23",
      "3.1": "2025-03-31",
      "3.2": "2026-03-31",
      "3.3": "2027-03-31",
      "3.4": "2028-03-31",
      "4.0": "2029-03-31",
    },
  },
];
