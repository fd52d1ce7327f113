// A field for a password, with what is wrong about it below.
import { useId } from 'react';

interface PasswordFieldProps {
  label: string;
  name: string;
  autoComplete: 'current-password' | 'new-password';
  hint?: string;
  /** Undefined if nothing is wrong. */
  error: string | undefined;
}

export function PasswordField({ label, name, autoComplete, hint, error }: PasswordFieldProps) {
  const id = useId();
  const describedBy = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return (
    <label className="field">
      {label}
      <input
        name={name} type="password" autoComplete={autoComplete} required
        aria-invalid={error !== undefined} aria-describedby={describedBy || undefined}
      />
      <span id={`${id}-error`} className="failure" role="alert">{error}</span>
      {hint && <span id={`${id}-hint`} className="hint">{hint}</span>}
    </label>
  );
}
