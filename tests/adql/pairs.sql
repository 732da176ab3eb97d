-- A star is spelled out and leaves hidden columns out
SELECT TOP 5 * FROM dp1.Object;
SELECT "Object"."objectId" AS "objectId", "Object"."coord_ra" AS "coord_ra", "Object"."coord_dec" AS "coord_dec", "Object"."r_psfFlux" AS "r_psfFlux", "Object"."r_psfFluxErr" AS "r_psfFluxErr", "Object"."n" AS "n", "Object"."band" AS "band", "Object"."flag" AS "flag" FROM "memory"."main"."object_g1" AS "Object" LIMIT 5;

-- Plain names have no case; the declared case comes out
select OBJECTID as id, Coord_RA from dp1.OBJECT;
SELECT "Object"."objectId" AS "id", "Object"."coord_ra" AS "coord_ra" FROM "memory"."main"."object_g1" AS "Object";

-- DISTINCT, and ORDER BY by number
SELECT DISTINCT band FROM Object ORDER BY 1 DESC;
SELECT DISTINCT "Object"."band" AS "band" FROM "memory"."main"."object_g1" AS "Object" ORDER BY 1 DESC;

-- ORDER BY a name of the result, with OFFSET
SELECT n + 1 AS m FROM Object ORDER BY m OFFSET 10;
SELECT "Object"."n" + 1 AS "m" FROM "memory"."main"."object_g1" AS "Object" ORDER BY 1 ASC OFFSET 10;

-- Integers divide as integers, never by zero
SELECT n / 2, r_psfFlux / n, 1.5 * n FROM Object;
SELECT ("Object"."n" // 2) AS "col_1", "Object"."r_psfFlux" / NULLIF("Object"."n", 0) AS "col_2", 1.5e0 * "Object"."n" AS "col_3" FROM "memory"."main"."object_g1" AS "Object";

-- Functions that have no value everywhere give NULL
SELECT LOG10(r_psfFlux), SQRT(n), LOG(2) FROM Object;
SELECT CASE WHEN "Object"."r_psfFlux" > 0 THEN LOG("Object"."r_psfFlux") END AS "log10", CASE WHEN "Object"."n" >= 0 THEN SQRT("Object"."n") END AS "sqrt", CASE WHEN 2 > 0 THEN LN(2) END AS "log" FROM "memory"."main"."object_g1" AS "Object";

-- Magnitudes of fluxes in nJy
SELECT scisql_nanojanskyToAbMag(r_psfFlux) AS mag, scisql_nanojanskyToAbMagSigma(r_psfFlux, r_psfFluxErr) AS err FROM Object;
SELECT CASE WHEN "Object"."r_psfFlux" > 0 THEN -2.5e0 * LOG("Object"."r_psfFlux") + 31.4e0 END AS "mag", (1.0857362047581294e0 * "Object"."r_psfFluxErr" / NULLIF(GREATEST("Object"."r_psfFlux", 0), 0)) AS "err" FROM "memory"."main"."object_g1" AS "Object";

-- Texts that stand for numbers
SELECT '30' * n FROM Object WHERE n > '2' AND band <> 'r';
SELECT 30 * "Object"."n" AS "col_1" FROM "memory"."main"."object_g1" AS "Object" WHERE "Object"."n" > 2 AND "Object"."band" <> 'r';

-- CAST that fails gives NULL
SELECT CAST(band AS INTEGER), CAST(n AS VARCHAR(2)) FROM Object;
SELECT TRY_CAST("Object"."band" AS INT) AS "col_1", LEFT(CAST("Object"."n" AS TEXT), 2) AS "col_2" FROM "memory"."main"."object_g1" AS "Object";

-- CASE
SELECT CASE WHEN n > 0 THEN 'up' ELSE 'down' END AS way FROM Object;
SELECT CASE WHEN "Object"."n" > 0 THEN 'up' ELSE 'down' END AS "way" FROM "memory"."main"."object_g1" AS "Object";

-- LIKE, ILIKE, IN, BETWEEN, IS NULL
SELECT n FROM Object WHERE band LIKE 'g%' OR band NOT ILIKE 'R' AND n IN (1, 2) AND n NOT BETWEEN 3 AND 4 AND band IS NOT NULL;
SELECT "Object"."n" AS "n" FROM "memory"."main"."object_g1" AS "Object" WHERE "Object"."band" LIKE 'g%' OR NOT "Object"."band" ILIKE 'R' AND "Object"."n" IN (1, 2) AND NOT "Object"."n" BETWEEN 3 AND 4 AND NOT "Object"."band" IS NULL;

-- Groups
SELECT band, COUNT(*) AS c, SUM(n) AS s, AVG(r_psfFlux) AS a FROM Object GROUP BY band HAVING COUNT(*) > 1 ORDER BY c;
SELECT "Object"."band" AS "band", COUNT(*) AS "c", CAST(SUM("Object"."n") AS BIGINT) AS "s", AVG("Object"."r_psfFlux") AS "a" FROM "memory"."main"."object_g1" AS "Object" GROUP BY "Object"."band" HAVING COUNT(*) > 1 ORDER BY 2 ASC;

-- GROUP BY a name of the result
SELECT FLOOR(r_psfFlux) AS bin, COUNT(*) AS c FROM Object GROUP BY bin;
SELECT FLOOR("Object"."r_psfFlux") AS "bin", COUNT(*) AS "c" FROM "memory"."main"."object_g1" AS "Object" GROUP BY FLOOR("Object"."r_psfFlux");

-- What follows from a grouped key
SELECT objectId, band, COUNT(*) AS c FROM Object GROUP BY objectId;
SELECT "Object"."objectId" AS "objectId", ANY_VALUE("Object"."band") AS "band", COUNT(*) AS "c" FROM "memory"."main"."object_g1" AS "Object" GROUP BY "Object"."objectId";

-- Joins of every kind
SELECT o.n FROM Object o JOIN ForcedSource f ON o.objectId = f.objectId LEFT JOIN ForcedSource g ON g.visit = f.visit, TAP_UPLOAD.targets;
SELECT "o"."n" AS "n" FROM "memory"."main"."object_g1" AS "o" JOIN "memory"."main"."forced_g1" AS "f" ON "o"."objectId" = "f"."objectId" LEFT JOIN "memory"."main"."forced_g1" AS "g" ON "g"."visit" = "f"."visit" CROSS JOIN "memory"."main"."upload" AS "targets";

-- A join without a condition meets every row
SELECT f.visit FROM ForcedSource f JOIN TAP_UPLOAD.targets t;
SELECT "f"."visit" AS "visit" FROM "memory"."main"."forced_g1" AS "f" CROSS JOIN "memory"."main"."upload" AS "t";

-- NATURAL and USING
SELECT * FROM ForcedSource NATURAL JOIN Object;
SELECT "ForcedSource"."objectId" AS "objectId", "ForcedSource"."visit" AS "visit", "ForcedSource"."psfFlux" AS "psfFlux", "Object"."coord_ra" AS "coord_ra", "Object"."coord_dec" AS "coord_dec", "Object"."r_psfFlux" AS "r_psfFlux", "Object"."r_psfFluxErr" AS "r_psfFluxErr", "Object"."n" AS "n", "Object"."band" AS "band", "Object"."flag" AS "flag" FROM "memory"."main"."forced_g1" AS "ForcedSource" JOIN "memory"."main"."object_g1" AS "Object" ON "ForcedSource"."objectId" = "Object"."objectId";

-- FULL JOIN USING takes the shared column from either side
SELECT objectId FROM ForcedSource FULL JOIN Object USING (objectId);
SELECT COALESCE("ForcedSource"."objectId", "Object"."objectId") AS "objectId" FROM "memory"."main"."forced_g1" AS "ForcedSource" FULL JOIN "memory"."main"."object_g1" AS "Object" ON "ForcedSource"."objectId" = "Object"."objectId";

-- Joins in parentheses
SELECT f.visit FROM Object o LEFT JOIN (ForcedSource f JOIN TAP_UPLOAD.targets t ON f.visit = 1) ON o.objectId = f.objectId;
SELECT "f"."visit" AS "visit" FROM "memory"."main"."object_g1" AS "o" LEFT JOIN ("memory"."main"."forced_g1" AS "f" JOIN "memory"."main"."upload" AS "t" ON "f"."visit" = 1) ON "o"."objectId" = "f"."objectId";

-- A subquery after FROM
SELECT q.x FROM (SELECT n AS x FROM Object WHERE n > 1) AS q;
SELECT "q"."x" AS "x" FROM (SELECT "Object"."n" AS "x" FROM "memory"."main"."object_g1" AS "Object" WHERE "Object"."n" > 1) AS "q";

-- Subqueries after IN and EXISTS see the query around
SELECT o.n FROM Object o WHERE EXISTS (SELECT * FROM ForcedSource WHERE objectId = o.objectId AND visit = 1) AND o.n IN (SELECT visit FROM ForcedSource);
SELECT "o"."n" AS "n" FROM "memory"."main"."object_g1" AS "o" WHERE EXISTS(SELECT "ForcedSource"."objectId" AS "objectId", "ForcedSource"."visit" AS "visit", "ForcedSource"."psfFlux" AS "psfFlux" FROM "memory"."main"."forced_g1" AS "ForcedSource" WHERE "ForcedSource"."objectId" = "o"."objectId" AND "ForcedSource"."visit" = 1) AND "o"."n" IN (SELECT "ForcedSource_2"."visit" AS "visit" FROM "memory"."main"."forced_g1" AS "ForcedSource_2");

-- WITH
WITH q AS (SELECT TOP 5 objectId FROM Object ORDER BY objectId) SELECT a.objectId FROM q AS a JOIN q AS b ON a.objectId = b.objectId;
WITH "q" AS (SELECT "Object"."objectId" AS "objectId" FROM "memory"."main"."object_g1" AS "Object" ORDER BY 1 ASC LIMIT 5) SELECT "a"."objectId" AS "objectId" FROM "q" AS "a" JOIN "q" AS "b" ON "a"."objectId" = "b"."objectId";

-- Set operators, and TOP inside one
SELECT n FROM Object UNION (SELECT TOP 1 visit FROM ForcedSource ORDER BY visit) EXCEPT SELECT n FROM Object INTERSECT SELECT n FROM Object ORDER BY 1;
SELECT "Object"."n" AS "n" FROM "memory"."main"."object_g1" AS "Object" UNION (SELECT "ForcedSource"."visit" AS "visit" FROM "memory"."main"."forced_g1" AS "ForcedSource" ORDER BY 1 ASC LIMIT 1) EXCEPT SELECT "Object_2"."n" AS "n" FROM "memory"."main"."object_g1" AS "Object_2" INTERSECT SELECT "Object_3"."n" AS "n" FROM "memory"."main"."object_g1" AS "Object_3" ORDER BY 1 ASC;

-- Rows of TAP_SCHEMA that the asker may see
SELECT t.table_name FROM TAP_SCHEMA.tables AS t;
SELECT "t"."table_name" AS "table_name" FROM (SELECT * FROM "memory"."main"."tap_tables" WHERE "_schema" IN ('TAP_SCHEMA', 'dp1')) AS "t";

-- A cone
SELECT objectId FROM Object WHERE 1 = CONTAINS(POINT('ICRS', coord_ra, coord_dec), CIRCLE('ICRS', 60, -30, 90));
SELECT "Object"."objectId" AS "objectId" FROM "memory"."main"."object_g1" AS "Object" WHERE ((("Object"."_healpix_29" BETWEEN 0 AND 3458764513820540927 AND ("Object"."_healpix_29" BETWEEN 0 AND 558446353793941503 OR "Object"."_healpix_29" BETWEEN 882705526964617216 AND 1945555039024054271 OR "Object"."_healpix_29" BETWEEN 2305843009213693952 AND 3458764513820540927)) AND POW(SIN(0.008726646259971648e0 * ("Object"."coord_dec" - (-30.0e0))), 2) + COS(RADIANS("Object"."coord_dec")) * 0.8660254037844387e0 * POW(SIN(0.008726646259971648e0 * ("Object"."coord_ra" - 60.0e0)), 2) <= 0.4999999999999999e0));

-- Outside of a cone
SELECT objectId FROM Object WHERE 0 = CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(0, 90, 90));
SELECT "Object"."objectId" AS "objectId" FROM "memory"."main"."object_g1" AS "Object" WHERE (NOT ((("Object"."_healpix_29" BETWEEN 0 AND 3458764513820540927 AND ("Object"."_healpix_29" BETWEEN 0 AND 2594073385365405695 OR "Object"."_healpix_29" BETWEEN 2864289363007635456 AND 2882303761517117439 OR "Object"."_healpix_29" BETWEEN 3152519739159347200 AND 3170534137668829183 OR "Object"."_healpix_29" BETWEEN 3440750115311058944 AND 3458764513820540927)) AND POW(SIN(0.008726646259971648e0 * ("Object"."coord_dec" - 90.0e0)), 2) + COS(RADIANS("Object"."coord_dec")) * 6.123233995736766e-17 * POW(SIN(0.008726646259971648e0 * ("Object"."coord_ra" - 0.0e0)), 2) <= 0.4999999999999999e0)));

-- A cone around a position that no cells belong to
SELECT name FROM TAP_UPLOAD.targets WHERE 1 = CONTAINS(POINT(ra, dec), CIRCLE(60, -30, 60./3600.));
SELECT "targets"."name" AS "name" FROM "memory"."main"."upload" AS "targets" WHERE (POW(SIN(0.008726646259971648e0 * ((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END) - (-30.0e0))), 2) + COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * 0.8660254037844387e0 * POW(SIN(0.008726646259971648e0 * ((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END) - 60.0e0)), 2) <= 2.1153987336024364e-08);

-- A distance as a test
SELECT objectId FROM Object WHERE DISTANCE(POINT(coord_ra, coord_dec), POINT(0, -90)) < 90;
SELECT "Object"."objectId" AS "objectId" FROM "memory"."main"."object_g1" AS "Object" WHERE ((("Object"."_healpix_29" BETWEEN 0 AND 3458764513820540927 AND ("Object"."_healpix_29" BETWEEN 0 AND 306244774661193727 OR "Object"."_healpix_29" BETWEEN 576460752303423488 AND 594475150812905471 OR "Object"."_healpix_29" BETWEEN 864691128455135232 AND 882705526964617215 OR "Object"."_healpix_29" BETWEEN 1152921504606846976 AND 3458764513820540927)) AND POW(SIN(0.008726646259971648e0 * ("Object"."coord_dec" - (-90.0e0))), 2) + COS(RADIANS("Object"."coord_dec")) * 6.123233995736766e-17 * POW(SIN(0.008726646259971648e0 * ("Object"."coord_ra" - 0.0e0)), 2) < 0.4999999999999999e0));

-- A distance as a value
SELECT DISTANCE(POINT(coord_ra, coord_dec), POINT(60, -30)) AS far FROM Object;
SELECT (CASE WHEN (ABS("Object"."coord_ra") <= 1000000000.0e0 AND ABS("Object"."coord_dec") <= 90.0e0) THEN DEGREES(2.0e0 * ASIN(LEAST(1.0e0, SQRT(POW(SIN(0.008726646259971648e0 * ("Object"."coord_dec" - (-30.0e0))), 2) + COS(RADIANS("Object"."coord_dec")) * 0.8660254037844387e0 * POW(SIN(0.008726646259971648e0 * ("Object"."coord_ra" - 60.0e0)), 2))))) END) AS "far" FROM "memory"."main"."object_g1" AS "Object";

-- A polygon
SELECT name FROM TAP_UPLOAD.targets WHERE 1 = CONTAINS(POINT(ra, dec), POLYGON(0, 0, 90, 0, 0, 90));
SELECT "targets"."name" AS "name" FROM "memory"."main"."upload" AS "targets" WHERE ((0.0e0 * COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * COS(RADIANS((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END))) + 1.0e0 * COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * SIN(RADIANS((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END))) + 0.0e0 * SIN(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) >= 0.0e0 AND 0.0e0 * COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * COS(RADIANS((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END))) + 0.0e0 * COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * SIN(RADIANS((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END))) + 1.0e0 * SIN(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) >= 0.0e0 AND 1.0e0 * COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * COS(RADIANS((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END))) + -6.123233995736766e-17 * COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * SIN(RADIANS((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END))) + -6.123233995736766e-17 * SIN(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) >= 0.0e0));

-- Regions as values
SELECT POINT(coord_ra, coord_dec), CIRCLE(coord_ra, coord_dec, 0.5), BOX(0, 0, 90, 90), AREA(CIRCLE(0, 0, 180)), COORDSYS(POINT(1, 2)) FROM Object;
SELECT ARRAY_VALUE("Object"."coord_ra", "Object"."coord_dec") AS "point", ARRAY_VALUE("Object"."coord_ra", "Object"."coord_dec", 0.5e0) AS "circle", LIST_VALUE(315.0e0, -35.264389682754654e0, 45.0e0, -35.264389682754654e0, 45.0e0, 35.264389682754654e0, 315.0e0, 35.264389682754654e0) AS "box", 41252.96124941927e0 AS "area", 'ICRS' AS "coordsys" FROM "memory"."main"."object_g1" AS "Object";

-- Two regions meet
SELECT name FROM TAP_UPLOAD.targets WHERE 1 = INTERSECTS(CIRCLE(ra, dec, 1), CIRCLE(60, -30, 2));
SELECT "targets"."name" AS "name" FROM "memory"."main"."upload" AS "targets" WHERE (POW(SIN(0.008726646259971648e0 * ((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END) - (-30.0e0))), 2) + COS(RADIANS((CASE WHEN ABS("targets"."dec") <= 90.0e0 THEN "targets"."dec" END))) * 0.8660254037844387e0 * POW(SIN(0.008726646259971648e0 * ((CASE WHEN ABS("targets"."ra") <= 1000000000.0e0 THEN "targets"."ra" END) - 60.0e0)), 2) <= 0.0006852326227130631e0);

-- The cell of a position
SELECT ivo_healpix_index(8, coord_ra, coord_dec) AS cell, COUNT(*) AS c FROM Object GROUP BY cell;
SELECT ("Object"."_healpix_29" >> 42) AS "cell", COUNT(*) AS "c" FROM "memory"."main"."object_g1" AS "Object" GROUP BY ("Object"."_healpix_29" >> 42);

-- Neighbours on the sky
SELECT t.name, o.objectId FROM TAP_UPLOAD.targets AS t JOIN Object AS o ON 1 = CONTAINS(POINT(o.coord_ra, o.coord_dec), CIRCLE(t.ra, t.dec, 0.1));
SELECT "t"."name" AS "name", "o"."objectId" AS "objectId" FROM (SELECT *, UNNEST(RANGE(TRY_CAST(FLOOR(("t"."ra" - CASE WHEN ABS("t"."dec") < 89.7999999978e0 THEN DEGREES(ASIN(LEAST(1.0e0, 0.0017453283850969014e0 * POW(COS(RADIANS("t"."dec")), -1.0e0)))) + 1e-09 ELSE 180.0e0 END) * 0.002777777777777778e0 * 0.999999999999e0 * GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT))) AS BIGINT), LEAST(TRY_CAST(FLOOR(("t"."ra" + CASE WHEN ABS("t"."dec") < 89.7999999978e0 THEN DEGREES(ASIN(LEAST(1.0e0, 0.0017453283850969014e0 * POW(COS(RADIANS("t"."dec")), -1.0e0)))) + 1e-09 ELSE 180.0e0 END) * 0.002777777777777778e0 * 0.999999999999e0 * GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT))) AS BIGINT), TRY_CAST(FLOOR(("t"."ra" - CASE WHEN ABS("t"."dec") < 89.7999999978e0 THEN DEGREES(ASIN(LEAST(1.0e0, 0.0017453283850969014e0 * POW(COS(RADIANS("t"."dec")), -1.0e0)))) + 1e-09 ELSE 180.0e0 END) * 0.002777777777777778e0 * 0.999999999999e0 * GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT))) AS BIGINT) + GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT)) + -1) + 1)) AS "_match_cell" FROM (SELECT *, UNNEST(RANGE(TRY_CAST(FLOOR((("t"."dec" - 0.10000000110000001e0) + 90.0e0) * 5.0e0) AS BIGINT), TRY_CAST(FLOOR(("t"."dec" + 0.10000000110000001e0 + 90.0e0) * 5.0e0) AS BIGINT) + 1)) AS "_match_zone" FROM "memory"."main"."upload" AS "t") AS "t") AS "t" JOIN "memory"."main"."object_g1" AS "o" ON ("t"."_match_zone" = TRY_CAST(FLOOR(("o"."coord_dec" + 90.0e0) * 5.0e0) AS BIGINT) AND MOD(MOD("t"."_match_cell", GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT))) + GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT)), GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS(("t"."_match_zone" + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT))) = TRY_CAST(FLOOR(("o"."coord_ra" * 0.002777777777777778e0 - FLOOR("o"."coord_ra" * 0.002777777777777778e0)) * 0.999999999999e0 * GREATEST(1, TRY_CAST(FLOOR(COS(RADIANS(LEAST(ABS((TRY_CAST(FLOOR(("o"."coord_dec" + 90.0e0) * 5.0e0) AS BIGINT) + 0.5e0) * 0.2e0 + -90.0e0), 90.0e0))) * 1800.0e0) AS BIGINT))) AS BIGINT) AND (POW(SIN(0.008726646259971648e0 * ("o"."coord_dec" - (CASE WHEN ABS("t"."dec") <= 90.0e0 THEN "t"."dec" END))), 2) + COS(RADIANS("o"."coord_dec")) * COS(RADIANS((CASE WHEN ABS("t"."dec") <= 90.0e0 THEN "t"."dec" END))) * POW(SIN(0.008726646259971648e0 * ("o"."coord_ra" - (CASE WHEN ABS("t"."ra") <= 1000000000.0e0 THEN "t"."ra" END))), 2) <= 7.615433561505986e-07));
