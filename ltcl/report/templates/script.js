'use strict';
(() => {
  const table = document.getElementById('table');
  if (table) {
    const body = table.tBodies[0];
    const heads = [...table.querySelectorAll('thead th')];
    const value = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.sort ?? cell.textContent.trim();
    };
    heads.forEach((head, column) => head.firstElementChild.addEventListener('click', () => {
      const isText = head.firstElementChild.dataset.kind === 'text';
      const isDown = head.ariaSort ? head.ariaSort === 'ascending' : !isText;
      heads.forEach((each) => each.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
      const rows = [...body.rows].map((row) => [value(row, column), row]);
      rows.sort(([a], [b]) => {
        if (a === '' || b === '') return (a === '') - (b === '');  // what is not known comes last
        const order = isText ? a.localeCompare(b) : a - b;
        return isDown ? -order : order;
      });
      body.append(...rows.map(([, row]) => row));
    }));
    document.getElementById('filter').addEventListener('input', (event) => {
      const word = event.target.value.toLowerCase();
      for (const row of body.rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(word);
    });
  }
  const figures = [...document.querySelectorAll('.gallery figure')];
  const cells = [...document.querySelectorAll('.cell')];
  const [chosen, all, none] = ['chosen', 'all', 'none'].map((id) => document.getElementById(id));
  const choose = (cell) => {
    let shown = 0;
    for (const each of figures) {
      each.hidden = cell && (each.dataset.true !== cell.dataset.true || each.dataset.pred !== cell.dataset.pred);
      shown += !each.hidden;
    }
    cells.forEach((each) => each.classList.toggle('on', each === cell));
    chosen.hidden = all.hidden = !cell;
    chosen.textContent = cell ? cell.querySelector('title').textContent : '';
    none.hidden = shown > 0;
    if (cell) document.getElementById('wrong').scrollIntoView();
  };
  if (all) {
    cells.forEach((cell) => {
      cell.addEventListener('click', () => choose(cell));
      cell.addEventListener('keydown', (event) => event.key === 'Enter' && choose(cell));
    });
    all.addEventListener('click', () => choose(null));
  }
})();
