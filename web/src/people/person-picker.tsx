// Chooses people: a search, and a list of checkboxes.
import { X } from 'lucide-react';
import { useState } from 'react';
import { useSession } from '../app/session';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ambiguousNames, PersonName } from './person-name';
import { usePeopleSearch } from './use-people-search';

export interface PersonChoice {
  id: string;
  fullName: string;
}

interface PersonPickerProps {
  chosen: readonly PersonChoice[];
  onChange(chosen: readonly PersonChoice[]): void;
  /** Ids of people who are not offered. */
  without?: ReadonlySet<string>;
}

export function PersonPicker({ chosen, onChange, without }: PersonPickerProps) {
  const { peopleSearchMode } = useSession();
  const [search, setSearch] = useState('');
  const { people, fetching, error } = usePeopleSearch(search.trim());
  const others = people.filter(({ id }) => !without?.has(id));
  const ambiguous = ambiguousNames(people);
  const toggle = ({ id, fullName }: PersonChoice) =>
    onChange(chosen.some((known) => known.id === id)
      ? chosen.filter((known) => known.id !== id)
      : [...chosen, { id, fullName }]);

  return (
    <fieldset className="picker">
      <legend>{texts.group.people}</legend>
      {chosen.length > 0 && (
        <ul className="chips" aria-label={texts.group.selected(chosen.length)}>
          {chosen.map((person) => (
            <li key={person.id} className="chip">
              <bdi>{person.fullName}</bdi>
              <button type="button" aria-label={`${texts.group.remove} ${person.fullName}`} onClick={() => toggle(person)}>
                <X />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        type="search" className="input" value={search} maxLength={100} dir="auto"
        aria-label={texts.group.find} placeholder={texts.group.find}
        onChange={({ target }) => setSearch(target.value)}
        onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
      />
      <ul className="picker-list" aria-busy={fetching}>
        {others.map((person) => (
          <li key={person.id}>
            <label className="row">
              <input type="checkbox" checked={chosen.some(({ id }) => id === person.id)} onChange={() => toggle(person)} />
              <Avatar id={person.id} name={person.fullName} picture={person.profilePic} size="small" />
              <PersonName person={person} isAmbiguous={ambiguous.has(person.id)} />
            </label>
          </li>
        ))}
      </ul>
      {!fetching && !error && others.length === 0 && (
        <p className="hint" role="status">{people.length > 0 ? texts.group.allMembers : texts.sidebar.nobody[peopleSearchMode]}</p>
      )}
    </fieldset>
  );
}
