/** The polynomial of CRC-32, its bits reversed. */
const POLYNOMIAL = 0xedb88320;

type Matrix = readonly number[];

/**
 * The CRC-32 of two pieces joined, from those of the pieces, so that each thread checks its own. Appending n
 * zero bytes multiplies a CRC by a matrix over GF(2), which squaring finds in log n steps; the method is that
 * of `crc32_combine` in zlib.
 * @param secondBytes length of the second piece.
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  let crc = first;
  let zeros = ONE_ZERO_BYTE;
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) crc = times(zeros, crc);
    zeros = squareOf(zeros);
  }
  return (crc ^ second) >>> 0;
}

function times(matrix: Matrix, vector: number): number {
  let product = 0;
  for (let bit = 0, rest = vector; rest !== 0; bit++, rest >>>= 1) {
    if (rest & 1) product ^= matrix[bit] as number;
  }
  return product;
}

const SQUARES = new Map<Matrix, Matrix>();

function squareOf(matrix: Matrix): Matrix {
  const known = SQUARES.get(matrix);
  if (known !== undefined) return known;
  const square = matrix.map((row) => times(matrix, row));
  SQUARES.set(matrix, square);
  return square;
}

const ONE_ZERO_BIT: Matrix = [POLYNOMIAL, ...Array.from({ length: 31 }, (_, bit) => 2 ** bit)];
const ONE_ZERO_BYTE: Matrix = squareOf(squareOf(squareOf(ONE_ZERO_BIT)));
