// What stands for this server: the picture that its operator chose, or the mark of Parlour.
import markUrl from './mark.svg';

/** Beside a name, so that it has none of its own. */
export const Mark = ({ logoUrl, size }: { logoUrl?: string | null | undefined; size?: 'small' }) => (
  <img className="mark" data-size={size} src={logoUrl ? new URL(logoUrl, location.href).pathname : markUrl} alt="" />
);
