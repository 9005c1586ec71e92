/** An on/off switch: a checkbox for the browser, a switch for the eye and for screen readers. */

interface Props {
  on: boolean;
  label: string;
  disabled?: boolean;
  /** Id of the text that says why it is as it is. */
  describedBy?: string;
  testId?: string;
  onChange: (on: boolean) => void;
}

export function Switch({ on, label, disabled = false, describedBy, testId, onChange }: Props) {
  return (
    <input
      type="checkbox"
      role="switch"
      class="switch-box"
      aria-label={label}
      aria-describedby={describedBy}
      data-testid={testId}
      checked={on}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}
