/** Pictures, sound and files of a message. Only same-origin and http(s) addresses are used. */

import type { Attachment } from "../../sdk";
import { useApp } from "../hooks/app";
import { asUrl } from "../text/address";
import { Icon } from "./Icon";

export function Attachments({ items }: { items: Attachment[] }) {
  return (
    <div class="attachments">
      {items.map((item, index) => (
        <OneAttachment key={item.id ?? index} item={item} />
      ))}
    </div>
  );
}

function OneAttachment({ item }: { item: Attachment }) {
  const { t } = useApp();
  const url = safeUrl(item.url);
  const name = item.name ?? t("kind.attachment");
  if (url && item.mime?.startsWith("image/")) return <img src={url} alt={item.name ?? t("kind.image")} loading="lazy" />;
  if (url && item.mime?.startsWith("audio/")) return <audio controls preload="metadata" src={url} aria-label={t("kind.voice")} />;
  const label = (
    <>
      <Icon name="file" size={18} /> {name}
    </>
  );
  return url ? (
    <a class="file" href={url} target="_blank" rel="noopener noreferrer nofollow">
      {label}
    </a>
  ) : (
    <span class="file">{label}</span>
  );
}

function safeUrl(url: string | undefined): string | null {
  const parsed = url ? asUrl(url, location.href) : null;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : null;
}
