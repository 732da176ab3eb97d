// SPDX-License-Identifier: BSD-3-Clause
import { USER_FUNCTIONS } from "./user-functions";

/** The words of ADQL 2.1 that make a query. */
export const KEYWORDS = (
  "ALL AND ANY AS ASC BETWEEN BY CASE CAST CROSS DESC DISTINCT ELSE END ESCAPE EXCEPT EXISTS FALSE FROM FULL GROUP HAVING " +
  "ILIKE IN INNER INTERSECT IS JOIN LEFT LIKE NATURAL NOT NULL OFFSET ON OR ORDER OUTER RIGHT SELECT SOME THEN TOP TRUE " +
  "UNION USING WHEN WHERE WITH"
).split(" ");

/** A function, how it is called, and what it is for. `$` marks a place to fill in. */
export interface AdqlFunction {
  name: string;
  call: string;
  about: string;
}

const f = (call: string, about: string): AdqlFunction => ({ name: call.slice(0, call.indexOf("(")), call, about });

export const FUNCTIONS: readonly AdqlFunction[] = [
  f("POINT(${ra}, ${dec})", "A position on the sky, ICRS degrees"),
  f("CIRCLE(${ra}, ${dec}, ${radius})", "A cone on the sky: centre and radius, degrees"),
  f("BOX(${ra}, ${dec}, ${width}, ${height})", "A box on the sky: centre and extent, degrees"),
  f("POLYGON(${ra1}, ${dec1}, ${ra2}, ${dec2}, ${ra3}, ${dec3})", "A region between great circles, degrees"),
  f("CONTAINS(POINT(${ra}, ${dec}), CIRCLE(${centre_ra}, ${centre_dec}, ${radius})) = 1", "Whether a position lies in a region"),
  f("INTERSECTS(${region1}, ${region2}) = 1", "Whether two regions overlap"),
  f("DISTANCE(${ra1}, ${dec1}, ${ra2}, ${dec2})", "The angle between two positions, degrees"),
  f("AREA(${region})", "The area of a region, square degrees"),
  f("CENTROID(${region})", "The centre of a region"),
  f("COORD1(${point})", "The right ascension of a position, degrees"),
  f("COORD2(${point})", "The declination of a position, degrees"),
  f("COORDSYS(${region})", "The coordinate system of a region"),
  f("COUNT(*)", "How many rows"),
  f("AVG(${x})", "The mean"),
  f("MIN(${x})", "The smallest value"),
  f("MAX(${x})", "The largest value"),
  f("SUM(${x})", "The sum"),
  f("ABS(${x})", "The absolute value"),
  f("CEILING(${x})", "The next whole number above"),
  f("FLOOR(${x})", "The next whole number below"),
  f("ROUND(${x}, ${digits})", "Rounded to so many decimals"),
  f("TRUNCATE(${x}, ${digits})", "Cut to so many decimals"),
  f("MOD(${x}, ${y})", "The remainder of a division"),
  f("POWER(${x}, ${y})", "x to the power of y"),
  f("SQRT(${x})", "The square root"),
  f("EXP(${x})", "e to the power of x"),
  f("LOG(${x})", "The natural logarithm"),
  f("LOG10(${x})", "The logarithm to the base of ten"),
  f("PI()", "\u03c0"),
  f("RAND()", "A random number between 0 and 1"),
  f("DEGREES(${x})", "Radians to degrees"),
  f("RADIANS(${x})", "Degrees to radians"),
  f("SIN(${x})", "The sine of an angle in radians"),
  f("COS(${x})", "The cosine of an angle in radians"),
  f("TAN(${x})", "The tangent of an angle in radians"),
  f("COT(${x})", "The cotangent of an angle in radians"),
  f("ASIN(${x})", "The arc sine, radians"),
  f("ACOS(${x})", "The arc cosine, radians"),
  f("ATAN(${x})", "The arc tangent, radians"),
  f("ATAN2(${y}, ${x})", "The angle of (x, y), radians"),
  f("LOWER(${text})", "In lower case"),
  f("UPPER(${text})", "In upper case"),
  f("COALESCE(${x}, ${y})", "The first that is not NULL"),
  f("CAST(${x} AS ${DOUBLE PRECISION})", "As another type"),
  f("IN_UNIT(${x}, '${unit}')", "In another unit"),
  ...USER_FUNCTIONS.map(([call, about]) => f(call, about)),
];

/** The reserved words of ADQL 2.1 (section 2.1.3), as the instance reads them: all but DEC, which is a column everywhere. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "ABS ABSOLUTE ACOS ACTION ADD ALL ALLOCATE ALTER AND ANY ARE AREA AS ASC ASIN ASSERTION AT ATAN ATAN2 " +
    "AUTHORIZATION AVG BEGIN BETWEEN BIGINT BIT BIT_LENGTH BOTH BOX BY CASCADE CASCADED CASE CAST CATALOG CEILING " +
    "CENTROID CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK CIRCLE CLOSE COALESCE COLLATE COLLATION COLUMN COMMIT " +
    "CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTAINS CONTINUE CONVERT COORD1 COORD2 COORDSYS CORRESPONDING COS COT " +
    "COUNT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE DAY DEALLOCATE " +
    "DECIMAL DECLARE DEFAULT DEFERRABLE DEFERRED DEGREES DELETE DESC DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT " +
    "DISTANCE DISTINCT DOMAIN DOUBLE DROP ELSE END END-EXEC ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXISTS EXP EXTERNAL " +
    "EXTRACT FALSE FETCH FIRST FLOAT FLOOR FOR FOREIGN FOUND FROM FULL GET GLOBAL GO GOTO GRANT GROUP HAVING HOUR " +
    "IDENTITY ILIKE IMMEDIATE IN INDICATOR INITIALLY INNER INPUT INSENSITIVE INSERT INT INTEGER INTERSECT INTERSECTS " +
    "INTERVAL INTO IN_UNIT IS ISOLATION JOIN KEY LANGUAGE LAST LEADING LEFT LEVEL LIKE LOCAL LOG LOG10 LOWER MATCH " +
    "MAX MIN MINUTE MOD MODULE MONTH NAMES NATIONAL NATURAL NCHAR NEXT NO NOT NULL NULLIF NUMERIC OCTET_LENGTH OF " +
    "OFFSET ON ONLY OPEN OPTION OR ORDER OUTER OUTPUT OVERLAPS PAD PARTIAL PI POINT POLYGON POSITION POWER PRECISION " +
    "PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC RADIANS RAND READ REAL REFERENCES REGION RELATIVE " +
    "RESTRICT REVOKE RIGHT ROLLBACK ROUND ROWS SCHEMA SCROLL SECOND SECTION SELECT SESSION SESSION_USER SET SIN SIZE " +
    "SMALLINT SOME SPACE SQL SQLCODE SQLERROR SQLSTATE SQRT SUBSTRING SUM SYSTEM_USER TABLE TAN TEMPORARY THEN TIME " +
    "TIMESTAMP TIMEZONE_HOUR TIMEZONE_MINUTE TO TOP TRAILING TRANSACTION TRANSLATE TRANSLATION TRIM TRUE TRUNCATE " +
    "UNION UNIQUE UNKNOWN UPDATE UPPER USAGE USER USING VALUE VALUES VARCHAR VARYING VIEW WHEN WHENEVER WHERE WITH " +
    "WORK WRITE YEAR ZONE"
  ).split(" "),
);

/** Write one name so that ADQL reads it back; names already in quotes stay as they are. */
export function quoted(name: string): string {
  if (name.startsWith('"')) return name;
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name.toUpperCase())) return name;
  return `"${name.replace(/"/g, '""')}"`;
}
