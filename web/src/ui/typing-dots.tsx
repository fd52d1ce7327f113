/** Three moving dots, and what they mean for whoever does not see them. */
export const TypingDots = ({ text }: { text: string }) => (
  <span className="typing">
    <span className="typing-dots" aria-hidden="true"><i /><i /><i /></span>
    <span className="visually-hidden">{text}</span>
  </span>
);
