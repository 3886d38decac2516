/**
 * A function without what differs between equal ones: clones that the optimiser made, generated class names, addresses
 * and hashes, symbol versions. Arguments of templates stay.
 */
export function normaliseFunction(name: string): string {
  return name
    .replace(/ \[clone [^\]]*\]|\.(isra|constprop|part|cold|lto_priv)(\.\d+)*/g, '')
    .replace(/\$\$Lambda[$/\w]*(0x[0-9a-f]+)?/g, '$$$$Lambda')
    .replace(/\$Proxy\d+/g, '$$Proxy')
    .replace(
      /(GeneratedMethodAccessor|GeneratedConstructorAccessor|LambdaForm\$MH|LambdaForm\$DMH)[\d/x0-9a-f]*/g,
      '$1',
    )
    .replace(/::h[0-9a-f]{16}$/, '')
    .replace(/@@?[A-Z][A-Za-z]*_[\d.]+$/, '');
}
