/** Texts by number, as UTF-8 one after the other: some bytes a text where a list of strings has a hundred. */
export interface TextColumn {
  readonly bytes: Uint8Array;
  /** Where each starts, and after the last where it ends. */
  readonly starts: Int32Array;
}

/** How many texts a column has. */
export function textCount({ starts }: TextColumn): number {
  return starts.length - 1;
}

/** The text behind a number; empty for one that the column has not. */
export function textAt({ bytes, starts }: TextColumn, number: number): string {
  const [start, end] = [starts[number], starts[number + 1]];
  if (start === undefined || end === undefined || start === end) return "";
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}

/** The same column in memory that threads share. */
export function sharedTexts({ bytes, starts }: TextColumn): TextColumn {
  const shared = {
    bytes: new Uint8Array(new SharedArrayBuffer(bytes.length)),
    starts: new Int32Array(new SharedArrayBuffer(starts.length * 4)),
  };
  shared.bytes.set(bytes);
  shared.starts.set(starts);
  return shared;
}

/** A column of texts made one by one, in memory that threads share. */
export function textColumn(count: number, textOf: (number: number) => string): TextColumn {
  let bytes = Buffer.allocUnsafeSlow(Math.max(1024, count * 16));
  const starts = new Int32Array(count + 1);
  let length = 0;
  for (let number = 0; number < count; number++) {
    const text = textOf(number);
    const most = text.length * 3;
    if (length + most > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, length + most));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    length += bytes.write(text, length, "utf8");
    starts[number + 1] = length;
  }
  return sharedTexts({ bytes: bytes.subarray(0, length), starts });
}
