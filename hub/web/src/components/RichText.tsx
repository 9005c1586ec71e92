/** User text on screen: line breaks kept, web addresses made clickable, never interpreted as markup. */

import { partsOf } from "../text/links";

export function RichText({ text }: { text: string }) {
  return (
    <>
      {partsOf(text).map((part) =>
        part.href ? (
          <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ) : (
          part.text
        ),
      )}
    </>
  );
}
