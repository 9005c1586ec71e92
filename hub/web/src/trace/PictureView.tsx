/** The picture of the ladder: a line for each way, a dot for each thing that happened, an upright line when it was read. */

import { Icon } from "../components/Icon";
import { usePerson } from "../hooks/person";
import { channelName } from "../i18n/categories";
import { channelIcon } from "../text/categories";
import type { Lane, Picture } from "./picture";
import { stateName, type Words } from "./sentences";

export function PictureView({ picture, t }: { picture: Picture; t: Words }) {
  const { dates } = usePerson();
  return (
    <section class="panel" aria-labelledby="picture-title">
      <h2 id="picture-title">{t("picture")}</h2>
      <p class="lead">{t("picture.hint")}</p>
      {/* Everything in it stands below in words, too. */}
      <div class="picture" aria-hidden="true" data-testid="picture">
        <div class="picture-marks">
          {picture.marks.map(({ kind, at, x }) => (
            <span key={kind} class="mark" data-kind={kind} style={`--x:${x}`} title={`${t(`mark.${kind}`)}: ${dates.clock(at)}`}>
              {kind !== "created" && <span>{t(`mark.${kind}`)}</span>}
            </span>
          ))}
        </div>
        {picture.lanes.map((lane) => (
          <LaneView key={lane.key} lane={lane} t={t} />
        ))}
        <div class="picture-times">
          <time>{dates.clock(picture.first)}</time>
          {picture.last !== picture.first && <time>{dates.clock(picture.last)}</time>}
        </div>
      </div>
    </section>
  );
}

function LaneView({ lane, t }: { lane: Lane; t: Words }) {
  const { dates, language } = usePerson();
  const from = lane.dots[0]?.x ?? 0;
  const to = lane.dots.at(-1)?.x ?? from;
  return (
    <div class="lane" data-skipped={lane.skipped}>
      <span class="lane-name">
        <Icon name={channelIcon(lane.channel)} size={16} />
        <span>{channelName(language, lane.channel)}</span>
      </span>
      <span class="lane-line">
        <span class="track" style={`--from:${from};--to:${to}`} />
        {lane.due && <span class="track pending" style={`--from:${to};--to:${lane.due.x}`} />}
        {lane.dots.map((dot, n) => (
          <span key={n} class="step-dot" data-tone={dot.tone} style={`--x:${dot.x}`} title={`${stateName(dot.state, t)}: ${dates.clock(dot.at)}`} />
        ))}
        {lane.due && <span class="step-dot" data-tone="due" style={`--x:${lane.due.x}`} title={t("due", { time: dates.moment(lane.due.at) })} />}
        {lane.skipped && <span class="lane-skip">{t("verdict.skip")}</span>}
      </span>
    </div>
  );
}
