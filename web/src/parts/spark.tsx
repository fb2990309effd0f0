/** A line of the last minutes, without axes; it says nothing that the figure beside it does not. */
export function Spark({ values }: { readonly values: readonly number[] }) {
  if (values.length < 2) return <svg class="spark" aria-hidden="true" viewBox="0 0 100 24" />;
  const most = Math.max(...values, Number.MIN_VALUE);
  const step = 100 / (values.length - 1);
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(23 - (value / most) * 21).toFixed(1)}`,
  );
  return (
    <svg class="spark" aria-hidden="true" viewBox="0 0 100 24" preserveAspectRatio="none">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
