/** The people of the demo, to choose from and to call by their names. */

import { useEffect, useState } from "preact/hooks";
import { getData } from "../boot/api";
import type { Persona } from "../boot/session";

export function usePeople(): Persona[] {
  const [people, setPeople] = useState<Persona[]>([]);
  useEffect(() => {
    getData<{ personas: Persona[] }>("/api/v1/dev/personas").then(
      (data) => setPeople(data.personas),
      () => undefined, // outside the demo there is nobody to name
    );
  }, []);
  return people;
}
