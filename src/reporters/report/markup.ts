import { escapeText } from '../../core/units.ts';

/** The expression of a content security policy that allows exactly this text. */
export function hash(text: string): string {
  // Not imported: every run would load it, and few write a page.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Printable text for HTML, also inside of attributes. */
export function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A table of texts. The first cell of a row is its name. */
export function tableHtml(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = columns.map((column) => `<th>${escapeHtml(column)}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell, index) => `<td${index === 0 ? ' class="name"' : ''}>${escapeHtml(cell)}</td>`).join('')}</tr>`,
  );
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}
