import { Component, type ComponentChildren } from 'preact';
import { t } from '../text/index.ts';

/** What goes wrong inside is told in its place; nothing else on the page goes with it. */
export class Boundary extends Component<
  { readonly children: ComponentChildren },
  { readonly fault: string | null }
> {
  override state = { fault: null };

  static override getDerivedStateFromError(error: unknown): { readonly fault: string } {
    return { fault: String(error) };
  }

  override render() {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    return (
      <p class="problem" role="alert">
        {t('broken', { why: fault })}
      </p>
    );
  }
}
