import type { Tongue } from "./rule-names.js";

/** A form of the auxiliary, up to two adverbs, and a participle: whole words, in any case. */
function passive({
  be,
  between,
  participle,
}: { readonly [part in "be" | "between" | "participle"]: string }): RegExp {
  return new RegExp(
    `(?<![\\p{L}'’-])(?:${be})\\s+(?:(?:${between})\\s+){0,2}(?:${participle})(?![\\p{L}-])`,
    "giu",
  );
}

function words(list: string): string {
  return list.trim().replace(/\s+/g, "|");
}

/** Adjectives and nouns that end as a participle does. */
const NO_PARTICIPLE = {
  en: words(`
    tired bored excited interested worried pleased concerned convinced scared surprised confused
    experienced talented gifted naked wicked sacred ragged rugged aged beloved dogged jagged crooked
    need needed speed indeed red bed hundred kindred biased skilled committed dedicated determined
    limited complicated sophisticated advanced detailed married divorced retired supposed used allowed
    ashamed exhausted embarrassed frustrated satisfied qualified related unrelated unprecedented crowded
    mixed fixed varied distinguished sorted shed united
  `),
  pt: words(`
    cuidado cuidados lado estado mercado resultado resultados significado sentido partido pedido marido
    conteúdo vida vidas medida medidas saída saídas entrada estrada década décadas cada nada dúvida
    dúvidas comida bebida ácido rápido rápidos rápida rápidas válido válidos válida válidas sólido
    sólidos sólida sólidas médico líquido líquida obrigado obrigada delicado delicada sábado dado dados
    grado adequado adequados adequada adequadas complicado complicada complicados complicadas pesado
    pesada privado privada privados privadas sagrado sagrada cansado cansada parecido parecida parecidos
    parecidas casado casada divertido divertida elevado elevada elevados elevadas variado variados
    variada variadas avançado avançada tímido tímida comunidade unidos ousado ousada nítido nítida
    cálido
  `),
};

/** Participles that have no usual ending; in Portuguese without gender and number. */
const IRREGULAR = {
  en: words(`
    beaten begun bent bitten blown born broken brought built burnt bought caught chosen cut dealt done
    drawn driven eaten fed felt fought found forbidden forgotten forgiven frozen given ground grown
    heard hidden held hit hurt kept known laid led lent let lost made meant met paid proven put read
    ridden sung seen sought sold sent set shaken shot shown spent spoken spread stolen struck sworn
    taken taught told thought thrown torn understood undertaken won worn woven written withdrawn
    rewritten rebuilt
  `),
  pt: words(`
    feit desfeit refeit escrit descrit inscrit transcrit dit vist previst revist post compost propost
    impost expost dispost abert cobert descobert mort pag gast eleit impress expuls aceit
  `),
};

/** Finds the passive voice. The library for it, retext-passive, sees irregular English participles only. */
export const PASSIVE: Readonly<Record<Tongue, RegExp>> = {
  en: passive({
    be: "am|is|are|was|were|be|been|being|isn['’]t|aren['’]t|wasn['’]t|weren['’]t",
    between: "not|never|also|only|often|always|already|usually|still|then|[a-z]+ly",
    participle: `(?!(?:${NO_PARTICIPLE.en})(?!\\p{L}))[a-z]{3,}ed|${IRREGULAR.en}`,
  }),
  pt: passive({
    be: "é|são|era|eram|foi|foram|será|serão|seria|seriam|seja|sejam|fosse|fossem|for|forem|ser|sido|sendo",
    between: "não|já|também|ainda|só|apenas|\\p{L}+mente",
    participle:
      `(?!(?:${NO_PARTICIPLE.pt})(?!\\p{L}))\\p{L}{2,}(?:ad|íd|id)(?:o|a|os|as)|` +
      `(?:${IRREGULAR.pt})(?:o|a|os|as)|presos?|presas?|entregues?|aceites?`,
  }),
};
