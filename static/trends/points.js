// The packed answer with the points of a page: length of the header, the header as JSON, then the arrays that it names.
"use strict";
globalThis.dqm ??= {};
dqm.trends ??= {};

dqm.trends.decode = (() => {
  const TYPES = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array };

  /** The header of an answer with its arrays in their places. In the answer, data begin behind the header. */
  return (buffer) => {
    const size = new DataView(buffer).getUint32(0, true);
    const start = 4 + size;
    const array = ({ type, offset, length }) => {
      const Type = TYPES[type];
      const from = start + offset;
      if (from % Type.BYTES_PER_ELEMENT === 0) return new Type(buffer, from, length);
      return new Type(buffer.slice(from, from + length * Type.BYTES_PER_ELEMENT));
    };
    const isArray = (value) => value && Object.hasOwn(TYPES, value.type ?? "") && Number.isInteger(value.offset);
    const text = new TextDecoder().decode(new Uint8Array(buffer, 4, size));
    return JSON.parse(text, (_, value) => (isArray(value) ? array(value) : value));
  };
})();
