/** The year that two digits stand for: 1970 to 2069. */
export function fullYear(year: number): number {
  return year >= 100 ? year : year < 70 ? 2000 + year : 1900 + year;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the calendar has this day, between 1970 and 2105. */
export function isDate(year: number, month: number, day: number): boolean {
  if (year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1) return false;
  const days = MONTH_DAYS[month - 1] as number;
  return day <= days || (month === 2 && day === 29 && isLeapYear(year));
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}
