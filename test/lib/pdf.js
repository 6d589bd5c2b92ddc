// A small PDF written by hand: A4 pages with one line of text each.
export function plainPDF(pages = 3) {
  const objects = [];
  const kids = [];
  for (let i = 0; i < pages; i++) {
    const text = `BT /F1 18 Tf 72 760 Td (Page ${i + 1} of ${pages}) Tj ET`;
    objects[4 + 2 * i] = `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${5 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`;
    objects[5 + 2 * i] = `<< /Length ${text.length} >>\nstream\n${text}\nendstream`;
    kids.push(`${4 + 2 * i} 0 R`);
  }
  objects[1] = "<< /Type /Catalog /Pages 2 0 R >>";
  objects[2] = `<< /Type /Pages /Count ${pages} /Kids [${kids.join(" ")}] >>`;
  objects[3] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

  let file = "%PDF-1.7\n";
  const offsets = [];
  for (let n = 1; n < objects.length; n++) {
    offsets[n] = file.length;
    file += `${n} 0 obj\n${objects[n]}\nendobj\n`;
  }
  const xref = file.length;
  file += `xref\n0 ${objects.length}\n0000000000 65535 f \n`;
  for (let n = 1; n < objects.length; n++) file += `${String(offsets[n]).padStart(10, "0")} 00000 n \n`;
  file += `trailer\n<< /Size ${objects.length} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(file, "latin1");
}
